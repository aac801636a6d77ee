import { startPostgres } from '../../../compose/local/postgres.ts'
import { readEnv } from '../../../config/env.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import type { JobRecord } from '../../../exporters/jobs/record.ts'
import { portOf } from '../../integration/servers.ts'
import type { Case, Proven, Shop } from './case.ts'
import { type OwnDisk, onOwnDisk } from './own-disk.ts'
import { auditStand } from './security-audit-stand.ts'

type Stand = Awaited<ReturnType<typeof auditStand>>

const onStand = (work: (stand: Stand, shop: Shop) => Promise<Proven>) => async (shop: Shop) => {
  const stand = await auditStand(shop)
  try {
    return await work(stand, shop)
  } finally {
    stand.end()
  }
}

const everyCheck = ['npm_audit', 'certificates', 'permissions', 'logins', 'passwords', 'postgres_roles', 'redis_acl']

/** Killed as it begins each of these checks. */
export const killedAt = (moments: readonly string[]): Case => ({
  name: `security audit: kill -9 at ${moments.join(', ')}`,
  prove: onStand((stand) => killed(stand, moments)),
})

const killed = async (stand: Stand, moments: readonly string[]): Promise<Proven> => {
  const faults: string[] = []
  const first = await stand.run()
  if (first.outcome !== 'succeeded') faults.push(`the first run ${first.outcome}: ${first.words}`)
  for (const moment of moments) {
    if (!(await stand.child().killedAt(`looks at ${moment}`))) faults.push(`it was not killed at ${moment}`)
    const { text, mode } = stand.report()
    if (!text.startsWith('# Security audit') || !text.endsWith('\n'))
      faults.push(`half a report after a kill at ${moment}`)
    if (mode !== 0o600) faults.push(`the report has mode ${mode.toString(8)}`)
  }
  const last = await stand.run()
  if (last.outcome !== 'succeeded') faults.push(`the next run ${last.outcome}: ${last.words}`)
  const { records } = await readKept(readEnv(stand.task.env).JOBS_DIR, 'security-audit')
  const lost = records.filter(({ outcome }) => outcome === 'killed').length
  if (lost !== moments.length) faults.push(`${moments.length} runs were killed, and ${lost} are on record`)
  return {
    what: `killed ${moments.length} times, each time as it began a check`,
    counts: `${lost} runs on record as killed; a whole report after each; the next run ${last.outcome}`,
    faults,
  }
}

/** The checks that ran, or that could not look at everything. */
const ran = ({ samples }: JobRecord, value: 0 | 1) =>
  samples.filter((one) => one.metric === 'security_check_ran' && one.value === value).map(({ labels }) => labels.check)

/** Does something as the audit begins a check. */
const runWith = (stand: Stand, check: string, strike: () => void) =>
  stand.run(stand.task, { tell: (words) => words === `looks at ${check}` && strike() })

const nextOf = async (stand: Stand) => {
  const { outcome, words } = await stand.run()
  return outcome === 'succeeded' ? [] : [`the next run ${outcome}: ${words}`]
}

const goneMeanwhile = onStand(async (stand, shop) => {
  const { database } = stand
  const record = await runWith(stand, 'permissions', () => process.kill(database.pid, 'SIGKILL'))
  await database.exited
  const dataDir = database.log.replace(/\.log$/, '')
  shop.keep(await startPostgres({ dataDir, port: portOf(database.url), durable: false }))
  const [blind, seeing] = [ran(record, 0), ran(record, 1)]
  const faults = [
    ...(record.outcome === 'failed' ? [] : [`the run ${record.outcome}`]),
    ...(blind.join() === 'passwords,postgres_roles' ? [] : [`blind: ${blind}`]),
    ...(seeing.length === 5 ? [] : [`not blind: ${seeing}`]),
    ...(await nextOf(stand)),
  ]
  return {
    what: 'SIGKILL to PostgreSQL as the audit looked at permissions; started again',
    counts: `${blind.length} checks could not look at everything, ${seeing.length} did; the run ${record.outcome}, the next succeeded`,
    faults,
  }
})

const onFullDisk = (shop: Shop): Promise<Proven> =>
  onOwnDisk(shop, { holds: 'maintenance', megabytes: 2 }, (disk) => withFullDisk(disk)(shop))

const withFullDisk = (disk: OwnDisk) =>
  onStand(async (stand) => {
    const faults = await nextOf(stand)
    const before = stand.report().text
    const { outcome, failures } = await runWith(stand, 'passwords', disk.fill)
    if (stand.report().text !== before) faults.push('the report is not the one before')
    if (outcome !== 'failed' || !/ENOSPC/.test(failures.join())) faults.push(`the run ${outcome}: ${failures}`)
    disk.free()
    faults.push(...(await nextOf(stand)))
    const { records } = await readKept(readEnv(stand.task.env).JOBS_DIR, 'security-audit')
    if (records.length !== 3) faults.push(`3 runs have ${records.length} records`)
    return {
      what: 'somebody filled the disk of the report (ENOSPC) as the audit looked at passwords, and made room again',
      counts: `${records.length} records of 3 runs; the report of the first was whole behind the run that ${outcome}; the next succeeded`,
      faults,
    }
  })

const gone = onStand(async (stand) => {
  await stand.cache.stop()
  const record = await stand.run()
  const { outcome, failures } = record
  const faults = [
    ...(outcome === 'failed' ? [] : [`the run ${outcome}`]),
    ...(ran(record, 0).join() === 'passwords,redis_acl' ? [] : [`blind: ${ran(record, 0).join()}`]),
    ...(ran(record, 1).length === 5 ? [] : [`not blind: ${ran(record, 1).join()}`]),
    ...(failures.length === 2 ? [] : failures),
  ]
  return {
    what: 'Redis stopped before the audit',
    counts: `${ran(record, 0).length} checks could not look at everything, ${ran(record, 1).length} did; the run ${outcome}`,
    faults,
  }
})

export const cases: readonly Case[] = [
  killedAt(everyCheck),
  { name: 'security audit: a server that is gone', prove: gone },
  { name: 'security audit: a server that goes in the middle', prove: goneMeanwhile },
  { name: 'security audit: the disk of the report is full', prove: onFullDisk },
]
