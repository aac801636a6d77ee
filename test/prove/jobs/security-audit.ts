import { readEnv } from '../../../config/env.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import type { Case, Proven, Shop } from './case.ts'
import { auditStand } from './security-audit-stand.ts'

type Stand = Awaited<ReturnType<typeof auditStand>>

const onStand = (work: (stand: Stand) => Promise<Proven>) => async (shop: Shop) => {
  const stand = await auditStand(shop)
  try {
    return await work(stand)
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

const gone = onStand(async (stand) => {
  await stand.cache.stop()
  const { outcome, samples, failures } = await stand.run()
  const ran = (value: number) =>
    samples
      .filter((one) => one.metric === 'security_check_ran' && one.value === value)
      .map(({ labels }) => labels.check)
  const faults = [
    ...(outcome === 'failed' ? [] : [`the run ${outcome}`]),
    ...(ran(0).join() === 'passwords,redis_acl' ? [] : [`blind: ${ran(0).join()}`]),
    ...(ran(1).length === 5 ? [] : [`not blind: ${ran(1).join()}`]),
    ...(failures.length === 2 ? [] : failures),
  ]
  return {
    what: 'Redis stopped before the audit',
    counts: `${ran(0).length} checks could not look at everything, ${ran(1).length} did; the run ${outcome}`,
    faults,
  }
})

export const cases: readonly Case[] = [
  killedAt(everyCheck),
  { name: 'security audit: a server that is gone', prove: gone },
]
