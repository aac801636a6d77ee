import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startNodeExporter } from '../../compose/local/servers.ts'
import type { JobName } from '../../config/jobs.ts'
import { placesOf, readKept, textfileOf } from '../../exporters/jobs/folder.ts'
import { bundleOurs } from '../bench/contestants.ts'
import type { Task } from './jobs-child.ts'
import { checked } from './promtool.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())
const child = await bundleOurs(new URL('jobs-child.ts', import.meta.url))

interface Started {
  readonly process: ChildProcess
  readonly pid: number
  readonly said: () => string
  readonly ended: Promise<number | NodeJS.Signals | null>
}
const living = new Set<ChildProcess>()
afterEach(() => {
  for (const one of living) one.kill('SIGKILL')
})

const folderOf = () => mkdtempSync(join(shop.folder, 'jobs-'))
const start = (args: readonly string[], task: Task): Started => {
  const started = spawn(process.execPath, [child, ...args], {
    env: { ...process.env, TASK: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.add(started)
  let said = ''
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    started.once('close', (code, signal) => {
      living.delete(started)
      resolve(code ?? signal)
    })
  })
  return { process: started, pid: started.pid ?? 0, said: () => said, ended }
}
const name = 'restart'
const taskOf = (act: NonNullable<Task['acts'][JobName]>, more: Partial<Task> = {}): Task => ({
  folder: folderOf(),
  acts: { [name]: act },
  graceMs: 500,
  ...more,
})
const under = ({ folder }: Task, { pid }: Started) =>
  eventually(() => existsSync(join(folder, `${name}-${pid}`)), Boolean)
const recordsOf = async ({ folder }: Task, job: JobName = name) => (await readKept(folder, job)).records
const outcomesOf = async (task: Task, job?: JobName) => (await recordsOf(task, job)).map(({ outcome }) => outcome)
const notesOf = ({ folder }: Task) => readFileSync(join(folder, 'notes'), 'utf8')
const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('One run of a job', () => {
  test('happens at a time, whoever starts it', async () => {
    const task = taskOf('waits')
    const all = Array.from({ length: 6 }, () => start([name], task))
    const ends = Promise.all(all.map(({ ended }) => ended))
    await eventually(
      () => living.size,
      (left) => left === 1,
    )
    const [pid] = [...living].map((one) => one.pid)
    await eventually(() => existsSync(join(task.folder, `${name}-${pid}`)), Boolean)
    expect(readdirSync(task.folder).filter((file) => file.startsWith(`${name}-`))).toHaveLength(1)
    for (const one of living) one.kill('SIGTERM')
    expect((await ends).toSorted()).toEqual([1, 75, 75, 75, 75, 75])
    expect(await outcomesOf(task)).toEqual(['stopped'])
  })

  test.each([
    ['works', 0, 'succeeded', 'did it', []],
    ['fails', 1, 'failed', 'so did the second', ['the first thing went wrong', 'so did the second']],
    ['asks', 1, 'undecided', 'too many rows: raise the ceiling', ['too many rows: raise the ceiling']],
    ['refuses', 1, 'refused', 'no key: set KEY', ['no key: set KEY', 'no disk: buy one']],
    [
      'exits',
      3,
      'failed',
      'its process ended with 3 before it was done',
      ['its process ended with 3 before it was done'],
    ],
  ] as const)('that %s ends with %i, and its record says that it %s', async (act, code, outcome, words, failures) => {
    const task = taskOf(act)
    expect(await start([name], task).ended).toBe(code)
    expect(await recordsOf(task)).toMatchObject([{ outcome, words, failures }])
    expect((await readKept(task.folder, name)).running).toBeUndefined()
  })

  test('that was killed is written down by the next one', async () => {
    const task = taskOf('waits')
    const first = start([name], task)
    await under(task, first)
    first.process.kill('SIGKILL')
    expect(await first.ended).toBe('SIGKILL')
    expect(await outcomesOf(task)).toEqual([])
    const again = { ...task, acts: { [name]: 'works' } } as const
    expect(await start([name], again).ended).toBe(0)
    expect(await outcomesOf(task)).toEqual(['killed', 'succeeded'])
    expect(readdirSync(placesOf(task.folder, name).own).filter((file) => file.endsWith('.sock'))).toEqual([])
  })

  test('that is told to end puts away what it made, and says so', async () => {
    const task = taskOf('waits')
    const first = start([name], task)
    await under(task, first)
    first.process.kill('SIGTERM')
    expect(await first.ended).toBe(1)
    expect(notesOf(task)).toBe('put away\n')
    expect(await recordsOf(task)).toMatchObject([{ outcome: 'stopped', words: 'it was told to stop' }])
  })

  test.each([
    ['rejects', 'something failed that nothing waited for: nobody waits for this'],
    ['throws', 'something failed that nothing waited for: nobody catches this'],
  ] as const)('that %s in a corner puts away what it made, and has failed', async (act, words) => {
    const task = taskOf(act)
    expect(await start([name], task).ended).toBe(1)
    expect(notesOf(task)).toBe('put away\n')
    expect(await recordsOf(task)).toMatchObject([{ outcome: 'failed', words }])
  })

  test('that does not end when its time is up is ended with its process, and may run again', async () => {
    const task = taskOf('hangs', { setting: { timeoutMinutes: 0.01, quietMinutes: 0.005 } })
    expect(await start([name], task).ended).toBe(1)
    const words = 'it was not done after 0.01 minutes, and did not end within 0.5 seconds after that'
    expect(await recordsOf(task)).toMatchObject([{ outcome: 'timed_out', words }])
    expect(await start([name], { ...task, acts: { [name]: 'works' } }).ended).toBe(0)
  })

  test('that hangs ends at once at a second signal, and its record is there', async () => {
    const task = taskOf('hangs', { graceMs: 60_000 })
    const first = start([name], task)
    await under(task, first)
    await eventually(
      () => {
        first.process.kill('SIGINT')
        return living.has(first.process)
      },
      (going) => !going,
      { every: 300 },
    )
    expect(await recordsOf(task)).toMatchObject([{ outcome: 'stopped', words: 'it was told to stop' }])
  })

  test('leaves no program behind, whatever that thinks of it', async () => {
    const task = taskOf('starts', { graceMs: 200 })
    const first = start([name], task)
    const pid = Number(
      await eventually(
        () => existsSync(join(task.folder, 'pid')) && readFileSync(join(task.folder, 'pid'), 'utf8'),
        Boolean,
      ),
    )
    expect(isThere(pid)).toBe(true)
    first.process.kill('SIGTERM')
    expect(await first.ended).toBe(1)
    await eventually(
      () => isThere(pid),
      (there) => !there,
    )
    expect(await outcomesOf(task)).toEqual(['stopped'])
  })

  test('that is off does not run, and is not said to have', async () => {
    const task = taskOf('works')
    const one = start(['cleanup'], task)
    expect(await one.ended).toBe(64)
    expect(one.said()).toContain('cleanup is off: it changes something')
    const dry = start(['cleanup', '--dry-run'], task)
    expect(await dry.ended).toBe(0)
    expect(dry.said()).toContain('cleanup would:\n  - works')
    expect(existsSync(placesOf(task.folder, 'cleanup').own)).toBe(false)
  })

  test('that is asked for wrongly does not begin, and ends with 64', async () => {
    const task = taskOf('works')
    const one = start([name, '--dryrun'], task)
    expect(await one.ended).toBe(64)
    expect(one.said()).toContain("Unknown option '--dryrun'")
    expect(existsSync(placesOf(task.folder, name).own)).toBe(false)
  })

  test('does not begin where nothing can be kept of it, and names what to set', async () => {
    const file = join(shop.folder, 'no-folder')
    writeFileSync(file, '')
    const one = start([name], { ...taskOf('works'), folder: file })
    expect(await one.ended).toBe(1)
    expect(one.said()).toMatch(/could not make .*no-folder.*ENOTDIR.* Set JOBS_DIR to a folder/)
  })

  test('does not begin while the settings have a fault: all of them are named', async () => {
    const one = start(
      [name],
      taskOf('works', { setting: { schedule: '61 * * * *', quietMinutes: 30, timeoutMinutes: 20 } }),
    )
    expect(await one.ended).toBe(1)
    expect(one.said()).toContain('config/jobs.ts, restart: quietMinutes (30) has to be less than timeoutMinutes (20)')
    expect(one.said()).toContain('config/jobs.ts, backup: "61 * * * *" in Europe/Paris is no schedule')
  })
})

const unshare = ['--user', '--map-root-user', '--mount']
const apart = spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', shop.folder])
const without = apart.status === 0 ? false : 'nothing can be mounted here'

describe(`On a disk that is full${without ? ` (skipped: ${without})` : ''}`, () => {
  /** What the records say after these runs on a file system of its own. */
  const recordsAfter = (acts: readonly string[]) => {
    const folder = folderOf()
    const runs = acts.map((act) => {
      const task = JSON.stringify({ folder, acts: { [name]: act } })
      return `TASK='${task}' '${process.execPath}' '${child}' ${name}`
    })
    const script = [
      `mount -t tmpfs -o size=400k tmpfs ${folder}`,
      ...runs,
      `cat ${folder}/${name}/records/*.json`,
    ].join('\n')
    const { stdout, stderr } = spawnSync('unshare', [...unshare, 'sh', '-c', script], { encoding: 'utf8' })
    return {
      outcomes: [...stdout.matchAll(/"outcome": "(\w+)"/g)].map(([, outcome]) => outcome),
      said: stdout + stderr,
    }
  }

  test.skipIf(without)('a run that filled it has its record, and so has the next one, which does not begin', () => {
    const { outcomes, said } = recordsAfter(['fills', 'works'])
    expect(outcomes).toEqual(['succeeded', 'refused'])
    expect(said).toMatch(/the disk of .* is full: make room there/)
  })
})

describe('The scheduler', () => {
  test('starts runs as processes of their own, writes down those that are killed, and goes on', async () => {
    const task: Task = { folder: folderOf(), acts: { [name]: 'waits', backup: 'works' }, every: 300 }
    const scheduler = start(['schedule'], task)
    const pidOf = async () => (await readKept(task.folder, name)).running?.pid
    const first = await eventually(pidOf, Boolean)
    expect(first).not.toBe(scheduler.pid)
    await eventually(
      () => scheduler.said(),
      (said) => said.includes('its time has come again while it runs, and is left out'),
    )
    process.kill(first ?? 0, 'SIGKILL')
    await eventually(
      () => outcomesOf(task),
      (outcomes) => outcomes.join() === 'killed',
    )
    await eventually(pidOf, (pid) => pid !== undefined && pid !== first)
    await eventually(
      () => outcomesOf(task, 'backup'),
      (outcomes) => outcomes.filter((outcome) => outcome === 'succeeded').length > 1,
    )
    scheduler.process.kill('SIGTERM')
    expect(await scheduler.ended).toBe(0)
    expect(await outcomesOf(task)).toEqual(['killed', 'stopped'])
    // The last may have been begun as the scheduler was told to end.
    const backups = await outcomesOf(task, 'backup')
    expect(backups.slice(0, -1).filter((outcome) => outcome !== 'succeeded')).toEqual([])
  })

  test('starts at once what others need, where it never ran, and never again', async () => {
    const task: Task = { folder: folderOf(), acts: { backup: 'works' }, every: 3_600_000 }
    const now = 'backup: for the first time, now'
    const scheduled = async (setting: Task['setting'], done: () => Promise<boolean>) => {
      const scheduler = start(['schedule'], { ...task, ...(setting && { setting }) })
      await eventually(scheduler.said, (said) => said.includes('the schedule of 1 jobs runs'))
      await eventually(done, Boolean)
      scheduler.process.kill('SIGTERM')
      expect(await scheduler.ended).toBe(0)
      return scheduler.said().includes(now)
    }
    const ran = async () => (await outcomesOf(task, 'backup')).join() === 'succeeded'
    expect(await scheduled(undefined, async () => true)).toBe(false)
    expect(await scheduled({ firstAtOnce: true }, ran)).toBe(true)
    expect(await scheduled({ firstAtOnce: true }, ran)).toBe(false)
    expect(await ran()).toBe(true)
  })

  test('is one in a folder, until it is killed; what it started comes to its end', async () => {
    const task: Task = { folder: folderOf(), acts: { [name]: 'waits' }, every: 300 }
    const first = start(['schedule'], task)
    const run = await eventually(async () => (await readKept(task.folder, name)).running, Boolean)
    const second = start(['schedule'], task)
    expect(await second.ended).toBe(1)
    expect(second.said()).toContain('another scheduler runs the jobs')
    first.process.kill('SIGKILL')
    await eventually(() => first.process.signalCode, Boolean)
    const third = start(['schedule'], task)
    await eventually(
      () => third.said(),
      (said) => said.includes('restart runs already'),
    )
    process.kill(run?.pid ?? 0, 'SIGTERM')
    await eventually(
      () => outcomesOf(task),
      (outcomes) => outcomes.join() === 'stopped',
    )
    third.process.kill('SIGTERM')
    expect(await third.ended).toBe(0)
  })

  test('ends where its lock is taken away', async () => {
    const task: Task = { folder: folderOf(), acts: { backup: 'works' }, every: 60_000 }
    const scheduler = start(['schedule'], task)
    const lock = await eventually(
      () => readdirSync(task.folder).find((file) => /^scheduler\..*sock$/.test(file)),
      Boolean,
    )
    await eventually(() => existsSync(textfileOf(task.folder)), Boolean)
    spawnSync('rm', [join(task.folder, lock ?? '')])
    expect(await scheduler.ended).toBe(1)
    expect(scheduler.said()).toContain('the lock of the scheduler')
  })
})

describe('The textfile', () => {
  test('is read by node_exporter, and promtool has nothing against it, though a record is damaged', async () => {
    const task = taskOf('works', { acts: { [name]: 'measures', backup: 'works' } })
    for (const one of [name, 'backup', name]) expect(await start([one], task).ended).toBe(0)
    const { records } = placesOf(task.folder, 'backup')
    spawnSync('sh', ['-c', `for f in ${records}/*; do echo '{' > $f; done`])
    expect(await start([name], task).ended).toBe(0)
    const text = readFileSync(textfileOf(task.folder), 'utf8')
    expect(await checked(text)).toBe('')
    expect(text).toContain('maintenance_scrape_collector_success{collector="backup"} 0')
    expect(text).toContain('maintenance_job_runs_total{job_name="restart",outcome="succeeded"} 3')
    const { 'node-exporter': program } = await ensurePrograms(['node-exporter'])
    const port = await freePort()
    shop.keep(
      await startNodeExporter({
        program,
        dataDir: join(shop.folder, 'node'),
        port,
        args: [`--collector.textfile.directory=${join(task.folder, 'textfile')}`],
      }),
    )
    const served = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(served).toContain('restart_attempts 2')
    expect(served).toContain('maintenance_job_runs_total{job_name="restart",outcome="succeeded"} 3')
    expect(served).toContain('node_textfile_scrape_error 0')
  })
})
