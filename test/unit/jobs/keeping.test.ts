import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { jobs } from '../../../config/jobs.ts'
import { placesOf, readKept } from '../../../exporters/jobs/folder.ts'
import { measures } from '../../../exporters/jobs/measures.ts'
import { jobRuns } from '../../../exporters/jobs/metrics.ts'
import { type JobRecord, type Outcome, outcomes, type Running } from '../../../exporters/jobs/record.ts'
import { told } from '../../../exporters/jobs/told.ts'
import { keepingOf, runName } from '../../../jobs/keeping.ts'
import { diceOf } from '../../prove/dice.ts'

/** Writes that are still done before the process is killed, and what is done before each read. */
const fate = vi.hoisted(() => ({
  left: Number.POSITIVE_INFINITY,
  full: false,
  meanwhile: async (): Promise<void> => undefined,
}))

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>()
  const mortal =
    <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>, writes = true) =>
    async (...args: Args): Promise<T> => {
      if (fate.left <= 0) throw new Error('killed')
      if (writes) fate.left -= 1
      return work(...args)
    }
  const interrupted = <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
    mortal(async (...args: Args) => {
      const { meanwhile } = fate
      fate.meanwhile = async () => undefined
      await meanwhile()
      fate.meanwhile = meanwhile
      return work(...args)
    }, false)
  const roomy = <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
    mortal(async (...args: Args) => {
      if (fate.full && readdirSync(own()).includes('reserve'))
        throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return work(...args)
    })
  return {
    ...real,
    open: async (path: string, flags: string, mode?: number) => {
      const file = await (flags === 'w' ? roomy(real.open) : mortal(real.open, false))(path, flags, mode)
      // Nothing here is about the power: a disk that is waited for is slow.
      return Object.assign(file, { sync: async () => undefined })
    },
    readFile: interrupted(real.readFile),
    readdir: interrupted(real.readdir),
    rename: mortal(real.rename),
    rm: mortal(real.rm),
    unlink: mortal(real.unlink),
    writeFile: mortal(real.writeFile),
  }
})

const name = 'restart'
let folder = ''
const own = () => placesOf(folder, name).own
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keeping-'))
})
afterEach(() => {
  Object.assign(fate, { left: Number.POSITIVE_INFINITY, full: false, meanwhile: async () => undefined })
  rmSync(folder, { recursive: true, force: true })
})

const said: string[] = []
const keeping = (kept?: number) =>
  keepingOf(folder, name, { tell: (words) => said.push(words), ...(kept !== undefined && { kept }) })
const iso = (at: number) => new Date(at).toISOString()
const runningOf = (run: string, at: number): Running => ({
  version: 1,
  job: name,
  run,
  started: iso(at),
  pid: 1,
  beat: iso(at),
  progressed: iso(at),
  step: 'waiting',
})
const recordOf = (run: string, at: number, outcome: Outcome = 'succeeded'): JobRecord => ({
  version: 1,
  job: name,
  run,
  started: iso(at),
  ended: iso(at),
  outcome,
  words: 'did it',
  failures: [],
  samples: [],
})

const scrape = async (now: number) =>
  told({
    ...(await readKept(folder, name)),
    job: name,
    setting: jobs[name],
    measures: measures[name],
    scheduled: undefined,
    since: 0,
    now,
  })
const countsIn = (samples: Awaited<ReturnType<typeof scrape>>) =>
  Object.fromEntries(
    samples.filter(({ metric }) => metric.name === jobRuns.name).map(({ labels, value }) => [labels.outcome, value]),
  )
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, one) => all + one, 0)

/** One run from its beginning to its end, as far as it gets. @returns the time of the start as it is written down */
const run = async (at: number, outcome: Outcome, kept = 200) => {
  const one = keeping(kept)
  const { last } = await one.settle()
  const own = runName(at, last)
  await one.begin(runningOf(own, at))
  await one.goOn(runningOf(own, at + 1))
  await one.end(recordOf(own, at, outcome))
}

const most = 4
const histories = 20

describe('Runs are counted once, and counts never fall', () => {
  test.each([...Array(histories).keys()])('whichever write a kill comes after: history %i', async (seed) => {
    const dice = diceOf(seed)
    let [at, seen]: [number, Readonly<Record<string, number>>] = [1_700_000_000_000, {}]
    const known = new Set<string>()
    for (let i = 0; i < 25; i++) {
      // Now and then the clock is set back.
      at += dice.below(10) === 0 ? -3_600_000 : 1 + dice.below(120_000)
      const writes = dice.below(10) < 6 ? dice.below(30) : Number.POSITIVE_INFINITY
      fate.left = writes
      await run(at, dice.one(outcomes), most).catch((cause: unknown) => {
        if (fate.left > 0) throw cause
      })
      fate.left = Number.POSITIVE_INFINITY
      const kept = await readKept(folder, name)
      for (const { run } of [...kept.records, ...(kept.running ? [kept.running] : [])]) known.add(run)
      const now = countsIn(await scrape(at + 3_600_000))
      for (const outcome of outcomes) {
        expect(now[outcome], `${outcome} after run ${i}, killed after ${writes}`).toBeGreaterThanOrEqual(
          seen[outcome] ?? 0,
        )
      }
      seen = now
    }
    await run(at + 1, 'succeeded', most)
    const { records, damaged } = await readKept(folder, name)
    for (const { run } of records) known.add(run)
    expect(damaged).toEqual([])
    expect(records.length).toBeLessThanOrEqual(most)
    expect(sum(countsIn(await scrape(at)))).toBe(known.size)
    expect(readdirSync(placesOf(folder, name).records).filter((file) => !file.endsWith('.json'))).toEqual([])
  })

  test('also for whoever reads while records are written and removed', async () => {
    const dice = diceOf(1)
    let [at, seen]: [number, Readonly<Record<string, number>>] = [1_700_000_000_000, {}]
    const next = () => {
      at += 60_000
      return run(at, dice.one(outcomes), most)
    }
    for (let i = 0; i < 12; i++) await next()
    for (let i = 0; i < 60; i++) {
      let gap = 1 + (i % 8)
      fate.meanwhile = async () => {
        gap -= 1
        if (gap === 0) await next()
      }
      const now = countsIn(await scrape(at))
      for (const outcome of outcomes) {
        expect(now[outcome], `${outcome} at read ${i}`).toBeGreaterThanOrEqual(seen[outcome] ?? 0)
      }
      seen = now
    }
  })
})

const sampleOf = (value: number) => ({ metric: 'restart_attempts', labels: {}, value })

test('What was measured outlives the record that told of it', async () => {
  const one = keeping(most)
  await one.settle()
  await one.end({ ...recordOf(runName(1_000), 1_000), samples: [sampleOf(3)] })
  for (let i = 2; i < 9; i++) await run(i * 60_000, 'succeeded', most)
  const { records, totals } = await readKept(folder, name)
  expect(records.flatMap(({ samples }) => samples)).toEqual([])
  expect(totals).toMatchObject({ runs: { succeeded: 4 }, samples: [sampleOf(3)] })
  const of = (samples: Awaited<ReturnType<typeof scrape>>) =>
    samples.find(({ metric }) => metric.name === 'restart_attempts')?.value
  expect(of(await scrape(9 * 60_000))).toBe(3)
  await one.end({ ...recordOf(runName(600_000), 600_000), samples: [sampleOf(5)] })
  expect(of(await scrape(600_000))).toBe(5)
})

test('A run that was killed has a record of its own, from the next one', async () => {
  await keeping().settle()
  await keeping().begin(runningOf(runName(5_000), 5_000))
  const { lost, last } = await keeping().settle()
  expect(lost).toMatchObject([{ run: last, outcome: 'killed', failures: ['killed while it was at: waiting'] }])
  expect((await readKept(folder, name)).running).toBeUndefined()
  expect((await keeping().settle()).lost).toEqual([])
})

test('Names sort in the order of the runs, also where the clock was set back', () => {
  const first = runName(1_700_000_000_000)
  expect(runName(1_600_000_000_000, first) > first).toBe(true)
  expect(runName(1_700_000_000_000, first) > first).toBe(true)
  expect(runName(1_800_000_000_000, first).slice(0, 24)).toBe('2027-01-15T08.00.00.000Z')
  expect(runName(1_600_000_000_000, 'zzz') > 'zzz').toBe(true)
})

describe('A full disk', () => {
  test('has room for one more record', async () => {
    await run(1_000, 'succeeded')
    fate.full = true
    await expect(keeping().begin(runningOf('x', 2_000))).rejects.toThrow(/the disk of .* is full: make room there/)
    await keeping().end(recordOf(runName(2_000), 2_000, 'refused'))
    expect((await readKept(folder, name)).records.map(({ outcome }) => outcome)).toEqual(['succeeded', 'refused'])
  })

  test('has room for what a process says that ends at once', async () => {
    const one = keeping()
    await one.settle()
    await one.begin(runningOf(runName(1_000), 1_000))
    one.endAtOnce(recordOf(runName(1_000), 1_000, 'failed'))
    const { records, running } = await readKept(folder, name)
    expect([records.map(({ outcome }) => outcome), running]).toEqual([['failed'], undefined])
  })
})

describe('What nobody understands', () => {
  test('is told with its file, hides nothing else, and keeps no job from running', async () => {
    for (let i = 1; i < 4; i++) await run(i * 1_000, 'succeeded')
    const { records: folderOf, running, totals } = placesOf(folder, name)
    const [first = ''] = readdirSync(folderOf)
    writeFileSync(join(folderOf, first), '{')
    writeFileSync(running, 'null')
    writeFileSync(totals, '[]')
    const { records, damaged } = await readKept(folder, name)
    expect(records).toHaveLength(2)
    expect(damaged.map(({ path }) => path)).toEqual([running, join(folderOf, first), totals])
    expect(damaged[1]?.cause.message).toMatch(/is damaged \(.*\): put it aside; what it alone told is lost/)
    await run(9_000, 'failed')
    const after = await readKept(folder, name)
    expect([after.records.length, after.damaged]).toEqual([3, []])
    expect(readFileSync(join(folderOf, `${first}.damaged`), 'utf8')).toBe('{')
    expect(said).toContainEqual(expect.stringContaining(`It is ${totals}.damaged now`))
  })

  test('is also a record under the name of another', async () => {
    await run(1_000, 'succeeded')
    const { records } = placesOf(folder, name)
    const [first = ''] = readdirSync(records)
    writeFileSync(join(records, 'copy.json'), readFileSync(join(records, first)))
    expect((await readKept(folder, name)).damaged.map(({ cause }) => cause.message)).toEqual([
      expect.stringContaining('it is the record of'),
    ])
  })
})
