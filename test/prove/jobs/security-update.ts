import { join } from 'node:path'
import { outsideOf } from '../../../jobs/update/outside.ts'
import { eventually } from '../../integration/servers.ts'
import type { Case, Proven, Shop } from './case.ts'
import { onOwnDisk } from './own-disk.ts'
import { type SecurityUpdateStand, securityUpdateStand } from './security-update-stand.ts'

type Outcome = 'succeeded' | 'failed'

/** What has to be there behind the run that is left alone. */
interface End {
  readonly package: 'leaky' | 'grumpy'
  readonly version: string
  readonly says: string
  readonly outcome: Outcome
}

const fixed: End = { package: 'leaky', version: '1.0.1', says: 'tight', outcome: 'succeeded' }
/** What mends it breaks the API: it is taken back. */
const takenBack: End = { package: 'grumpy', version: '1.0.0', says: 'grumpy', outcome: 'failed' }

const faultsOf = async (stand: SecurityUpdateStand, end: End, outcomes: readonly string[]) => {
  const found = {
    'package is': [stand.installed(end.package), end.version],
    'API says': [JSON.stringify(await stand.said()), JSON.stringify({ said: end.says })],
    'package-lock.json has': [stand.locked(end.package), end.version],
    'runs are': [(await stand.outcomes()).join(), outcomes.join()],
    'npm of a killed run is there': [await leftOver(stand), ''],
  }
  return Object.entries(found).flatMap(([what, [is, wanted]]) =>
    is === wanted ? [] : [`the ${what} ${is}, not ${wanted}`],
  )
}

const outside = ({ jobsFolder }: SecurityUpdateStand) => outsideOf(join(jobsFolder, 'security-update'))
const leftOver = async (stand: SecurityUpdateStand) => (await outside(stand).leftOver()).join()

export const onStand = async (shop: Shop, name: string, work: (stand: SecurityUpdateStand) => Promise<Proven>) => {
  const stand = await securityUpdateStand(shop)
  try {
    await stand.using(name)
    await stand.driver.restart(new AbortController().signal)
    await eventually(() => stand.said().catch(() => undefined), Boolean)
    return await work(stand)
  } finally {
    await stand.end()
  }
}

interface Kill {
  readonly at: string
  /** What the run has said by then. */
  readonly said: string
  /** Whether npm waits for a package then, as the registry holds it back. */
  readonly held?: true
  /** The process of the job alone, so that what it started goes on, or all of that too. */
  readonly whom: 'the job' | 'the job and all that it started'
  readonly end: End
  /** How often, each time a run of its own. */
  readonly times?: number
}

const fixing = { at: 'npm audit fix', said: '\nnpm audit fix', held: true, end: fixed } as const
const kills: readonly Kill[] = [
  { ...fixing, whom: 'the job' },
  { ...fixing, whom: 'the job and all that it started' },
  { at: 'the restart', said: '\nrestart the API', whom: 'the job', end: fixed },
  { at: 'taking it back', said: '\ntaking it back', whom: 'the job', end: takenBack },
  { at: 'taking it back', said: '\ntaking it back', whom: 'the job and all that it started', end: takenBack },
  {
    at: 'taking back what another run left',
    said: '\na run was ended while it fixed packages',
    whom: 'the job',
    end: fixed,
  },
]

const killedOnce = async (stand: SecurityUpdateStand, { said, held, whom }: Kill): Promise<readonly string[]> => {
  const gate = held && stand.registry.hold()
  const run = stand.child()
  let over = false
  void run.ended.then(() => {
    over = true
  })
  const isThere = () => run.said().includes(said) && (gate?.waits() ?? true)
  await eventually(() => over || isThere(), Boolean, { every: 5, within: 60_000 })
  const late = over ? [`it was over before it could be killed: ${run.said()}`] : []
  const started = await outside(stand).leftOver()
  run.kill()
  await run.ended
  if (whom === 'the job and all that it started') for (const pid of started) endOne(pid)
  gate?.end()
  return late
}

export const endOne = (pid: number) => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

const killed = (shop: Shop, kill: Kill): Promise<Proven> =>
  onStand(shop, kill.end.package, async (stand) => {
    const faults: string[] = []
    // One that is to be brought back has to be left first.
    const before = kill.said.includes('a run was ended') ? [{ ...fixing, whom: kill.whom }] : []
    for (const one of [...before, kill]) faults.push(...(await killedOnce(stand, one)))
    await stand.run()
    const outcomes = [...before.map(() => 'killed'), 'killed', kill.end.outcome]
    faults.push(...(await faultsOf(stand, kill.end, outcomes)))
    return {
      what: `killed ${kill.whom} at ${kill.at}${before.length > 0 ? ', after another run was killed at npm audit fix' : ''}; then run again`,
      counts: countsOf(kill.end),
      faults,
    }
  })

const countsOf = ({ package: name, version, says, outcome }: End) =>
  `${name} 1.0.0 before, ${version} behind the next run, which ${outcome}; 1 API before, 1 that says ${says} after`

interface Blow {
  readonly what: string
  /** Done in the middle of npm audit fix. @returns what ends it, behind the run */
  strike(stand: SecurityUpdateStand): () => void
  /** What npm has to have said of it. */
  readonly heard: RegExp
  /** Whether the packages can be brought back by the run itself, and not by the next alone. */
  readonly brought: boolean
}

/** A run that is struck in the middle of npm audit fix, and one behind it. */
const struck = (shop: Shop, { what, strike, heard, brought }: Blow) =>
  onStand(shop, fixed.package, async (stand) => {
    const gate = stand.registry.hold()
    const running = stand.run()
    await eventually(gate.waits, Boolean, { every: 5 })
    const mend = strike(stand)
    gate.end()
    const { outcome, words } = await running
    const old = { ...fixed, version: '1.0.0', says: 'leaky' }
    const between = brought ? await faultsOf(stand, old, [outcome]) : []
    if (JSON.stringify(await stand.said()) !== '{"said":"leaky"}') between.push('the API answers no more as before')
    if (!heard.test(stand.log('audit-fix'))) between.push(`npm did not say ${heard}`)
    mend()
    const next = await stand.run()
    const faults = [
      ...(outcome === 'failed' ? [] : [`the run ${outcome}: ${words}`]),
      ...between.map((fault) => `behind the run that failed ${fault}`),
      ...(next.outcome === 'succeeded' ? [] : [`the next run ${next.outcome}: ${next.words}`]),
      ...(await faultsOf(stand, fixed, ['failed', 'succeeded'])),
    ]
    return { what, counts: `${countsOf(fixed)}; 1 that said leaky in between`, faults }
  })

const gone: Blow = {
  what: 'the registry gave no package any more, in the middle of npm audit fix; then it did',
  strike: ({ registry }) => registry.fail(),
  heard: /socket hang up|ECONNRESET/,
  brought: true,
}

/** With the API on a disk of its own. */
const onFullDisk = (shop: Shop): Promise<Proven> =>
  onOwnDisk(shop, { holds: 'server', megabytes: 16 }, (disk) => {
    const fill = () => {
      disk.fill()
      return disk.free
    }
    const what =
      'somebody filled the disk of the API (ENOSPC) in the middle of npm audit fix, and made room again behind the run'
    return struck(shop, { what, strike: fill, heard: /ENOSPC/, brought: false })
  })

const others: readonly Case[] = [
  { name: 'security update: the registry is gone in the middle', prove: (shop) => struck(shop, gone) },
  { name: 'security update: the disk is full in the middle', prove: onFullDisk },
]

export const cases: readonly Case[] = [
  ...kills.map((kill) => ({
    name: `security update: kill -9 of ${kill.whom} at ${kill.at}`,
    prove: (shop: Shop) => killed(shop, kill),
  })),
  ...others,
]
