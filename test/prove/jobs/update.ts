import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { outsideOf } from '../../../jobs/update/outside.ts'
import { eventually } from '../../integration/servers.ts'
import type { Case, Proven, Shop } from './case.ts'
import type { Release } from './update-api.ts'
import { type UpdateStand, updateStand } from './update-stand.ts'

interface Kill {
  /** When it is killed: as the state file calls the step, or while it fetches, or makes the backup before. */
  readonly at: string
  /** The process of the job alone, so that what it started goes on, or all of that too. */
  readonly whom: 'the job' | 'the job and all that it started'
  readonly release: Release
  /** What the next run has to end with. */
  readonly ends: 'new' | 'old'
  /** How often, before the next run is left alone. */
  readonly times?: number
  /** Milliseconds after which it is killed, so that what the step starts has begun. */
  readonly after?: number
}

export const minutes = { fetch: 1, install: 1, migrate: 1, healthy: 0.25, leftOver: 1 }
const version = '2.0.0'
export const slowly = { version, column: 'note', installMs: 1_500, migrateSeconds: 1.5, startMs: 1_500 }
/** Its second migration fails, so that the first has to be taken back. */
const failing: Release = { version, column: 'note', healthy: false, rollbackSeconds: 1.5 }

const both = ['the job', 'the job and all that it started'] as const
const kills: readonly Kill[] = [
  { at: 'fetch', whom: 'the job', release: slowly, ends: 'new' },
  { at: 'backup', whom: 'the job', release: slowly, ends: 'new' },
  { at: 'code', whom: 'the job', release: { ...slowly, files: manyFiles() }, ends: 'new' },
  ...both.map(
    (whom): Kill => ({ at: 'code', whom, after: 60, release: { ...slowly, files: manyFiles() }, ends: 'new' }),
  ),
  ...both.map((whom): Kill => ({ at: 'install', whom, after: 900, release: slowly, ends: 'new' })),
  ...both.map((whom): Kill => ({ at: 'migrate', whom, after: 900, release: slowly, ends: 'new' })),
  { at: 'migrate', whom: both[1], after: 900, release: slowly, ends: 'old', times: 3 },
  ...both.map((whom): Kill => ({ at: 'restart', whom, after: 400, release: slowly, ends: 'new' })),
  { at: 'check', whom: 'the job', release: slowly, ends: 'new' },
  ...both.map((whom): Kill => ({ at: 'schema back', whom, after: 1_200, release: failing, ends: 'old' })),
  ...both.map((whom): Kill => ({ at: 'code back', whom, release: { ...failing, files: manyFiles() }, ends: 'old' })),
  ...both.map((whom): Kill => ({ at: 'install back', whom, after: 200, release: failing, ends: 'old' })),
  { at: 'restart back', whom: 'the job', after: 400, release: failing, ends: 'old' },
  { at: 'check back', whom: 'the job', release: failing, ends: 'old' },
]

/** So that git is at it for a while. */
export function manyFiles(): Readonly<Record<string, string>> {
  const files = Array.from({ length: 400 }, (_, n) => [`assets/${n}.txt`, `${n}\n`.repeat(500)] as const)
  return Object.fromEntries(files)
}

export const cases: readonly Case[] = kills.map((kill) => ({
  name: `kill -9 of ${kill.whom} at ${kill.at}${kill.after === undefined ? '' : `, ${kill.after} ms into it`}${kill.times === undefined ? '' : `, ${kill.times} times`}`,
  prove: (shop: Shop) => killedAt(shop, kill),
}))

const killedAt = async (shop: Shop, { at, whom, release, ends, times = 1, after = 0 }: Kill): Promise<Proven> => {
  const stand = await updateStand(shop)
  try {
    const before = stand.git('rev-parse', 'HEAD')
    const to = stand.origin.push(release)
    if (at === 'fetch') slowFetch(stand)
    const guests = stand.guests()
    const faults: string[] = []
    for (let time = 0; time < times; time += 1) faults.push(...(await killed(stand, at, whom, after)))
    const next = stand.start({ minutes }, savedAt(at))
    await next.ended
    if (at === 'backup') faults.push(...backupFaults(stand))
    const { booked, lost } = await guests.stop()
    if (lost > 0) faults.push(`${lost} reservations were lost`)
    if (booked === 0) faults.push('nothing was booked meanwhile')
    faults.push(...(await faultsOf(stand, ends === 'new' ? to : before, ends)))
    const outcomes = outcomesOf(stand)
    const wanted = [...Array.from({ length: times }, () => 'killed'), ends === 'new' ? 'succeeded' : 'failed']
    if (outcomes.join() !== wanted.join()) faults.push(`the runs are ${outcomes}, not ${wanted}: ${next.said()}`)
    const { version: runs } = await stand.health()
    return {
      what: `killed ${whom} while the update was at ${at}${times > 1 ? `, ${times} times` : ''}; then run again`,
      counts: `${booked} booked meanwhile, ${lost} lost; before 1.0.0, behind the next run ${runs} with the schema of ${ends === 'new' ? release.version : '1.0.0'}`,
      faults,
    }
  } finally {
    await stand.end()
  }
}

export const slowFetch = ({ git }: Pick<UpdateStand, 'git'>) =>
  git('config', 'remote.origin.uploadpack', 'sleep 1; git-upload-pack')

const savedAt = (at: string) => (at === 'backup' ? 'by the job' : 'not at all')

/** Whether the run behind the one that was killed has made one backup, and nothing is left of the other. */
const backupFaults = ({ env }: UpdateStand): readonly string[] => {
  const there = readdirSync(join(env.BACKUP_DIR, 'database'))
  const whole = there.filter((name) => name.endsWith('.manifest.json')).length
  const half = there.filter((name) => name.startsWith('.tmp-'))
  return [
    ...(whole === 1 ? [] : [`there are ${whole} backups`]),
    ...(half.length === 0 ? [] : [`${half} of a backup are left`]),
  ]
}

/** @returns a fault where it was over before it could be killed */
const killed = async (
  stand: UpdateStand,
  at: string,
  whom: Kill['whom'],
  after: number,
): Promise<readonly string[]> => {
  const run = stand.start({ minutes }, savedAt(at))
  let over = false
  void run.ended.then(() => {
    over = true
  })
  await eventually(() => over || isAt(stand, run.said(), at), Boolean, { within: 120_000, every: 5 })
  await new Promise((resolve) => setTimeout(resolve, after))
  const late = over ? [`it was over before it could be killed at ${at}: ${run.said()}`] : []
  const left = await outsideOf(join(stand.env.JOBS_DIR, 'update')).leftOver()
  await run.kill()
  if (whom === 'the job and all that it started') for (const pid of left) killOne(pid)
  return late
}

export const isAt = (stand: UpdateStand, said: string, at: string) => {
  if (at === 'fetch') return said.includes('fetching')
  if (at === 'backup') return said.includes('backup: database: saving')
  // The state file may say so of a run before: this one has to have got there itself.
  return stand.step() === at && /bringing|going on from there/.test(said)
}

const killOne = (pid: number) => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** Whether code, packages, schema and what runs fit each other. */
export const faultsOf = async (stand: UpdateStand, commit: string, ends: Kill['ends']): Promise<readonly string[]> => {
  const [release, columns] = ends === 'new' ? ['2.0.0', 'id,guest,note'] : ['1.0.0', 'id,guest']
  const found = {
    'code is': [stand.git('rev-parse', 'HEAD'), commit],
    'branch is': [stand.git('symbolic-ref', '--short', 'HEAD'), 'main'],
    'work tree has': [stand.git('status', '--porcelain'), ''],
    'packages are of': [readFileSync(join(stand.app, 'node_modules', '.installed'), 'utf8'), release],
    'schema has': [(await stand.columns()).join(), columns],
    'API says': [
      JSON.stringify({ ...(await stand.health()), pid: 0 }),
      JSON.stringify({ version: release, pid: 0, status: 200 }),
    ],
    'what it started and left is': [String(await outsideOf(join(stand.env.JOBS_DIR, 'update')).leftOver()), ''],
    'state is': [stand.step(), ends === 'new' ? 'done' : 'taken back'],
  }
  return Object.entries(found).flatMap(([what, [is, wanted]]) =>
    is === wanted ? [] : [`the ${what} ${is}, not ${wanted}`],
  )
}

export const outcomesOf = ({ env }: UpdateStand): readonly string[] => {
  const records = join(env.JOBS_DIR, 'update', 'records')
  return readdirSync(records)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(records, name), 'utf8')).outcome)
}
