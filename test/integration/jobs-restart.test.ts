import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readEnv } from '../../config/env.ts'
import { type RestartSetting, restartSetting } from '../../config/restart.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import type { JobRecord } from '../../exporters/jobs/record.ts'
import { Refused } from '../../jobs/job.ts'
import { restartJob } from '../../jobs/restart/index.ts'
import { lately, readState } from '../../jobs/restart/state.ts'
import { AlreadyRuns, runJob } from '../../jobs/runner.ts'
import { whileNoneRuns } from '../../jobs/update/alone.ts'
import { dockerStand, whyNoEngine } from '../prove/jobs/docker-stand.ts'
import { npmPrograms, pm2Stand, quickly } from '../prove/jobs/restart-stand.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
let stand: Awaited<ReturnType<typeof pm2Stand>>
let folder = ''
let numbered = 0
const fresh = () => new AbortController().signal

beforeAll(async () => {
  process.env.PATH = `${npmPrograms}:${process.env.PATH}`
  stand = await pm2Stand(shop)
})
beforeEach(async () => {
  numbered += 1
  folder = join(shop.folder, `jobs-${numbered}`)
  await stand.healthy()
})
afterAll(async () => {
  await stand?.end()
  await shop.end()
})

const job = (more: Partial<RestartSetting> = {}, env: Readonly<Record<string, string>> = {}, now = Date.now) => {
  const how = { ...quickly, driver: { by: 'pm2', process: stand.process, home: stand.home }, ...more } as const
  return restartJob(readEnv({ API_URL: stand.url, JOBS_DIR: folder, ...env }), { how, now })
}
const told: string[] = []
const done = (one = job()) => runJob(one, { folder, signal: fresh(), tell: (words) => told.push(words) })
const measured = ({ samples }: JobRecord) => Object.fromEntries(samples.map(({ metric, value }) => [metric, value]))
const state = () => readState(placesOf(folder, 'restart').own)

describe('with PM2', () => {
  test('an API that is healthy is left alone', async () => {
    const before = stand.starts()
    expect((await job().plan(fresh())).steps).toEqual([
      `ask ${stand.url}/health, which is healthy now, and do no more where it is healthy`,
      expect.stringMatching(/^where it fails 2 times .*: pm2 restart techplus-backend, and wait up to 3 seconds/),
      'where that does not help: 2 times again, behind a pause of 0.2 seconds that doubles, and give up',
      'restart it 6 times within an hour at most: 0 times so far',
    ])
    const record = await done()
    expect(record).toMatchObject({ outcome: 'succeeded', words: `${stand.url}/health is healthy` })
    expect(measured(record)).toEqual({ restart_healthy: 1, restart_gave_up: 0 })
    expect(stand.starts()).toEqual(before)
  })

  test('one that hangs is restarted once, and waited for as long as it takes and no longer', async () => {
    const before = stand.starts().length
    await stand.hang()
    stand.slowBy(1_000)
    const record = await done(job({ readySeconds: 100 }))
    stand.slowBy(0)
    expect(record).toMatchObject({
      outcome: 'succeeded',
      words: `${stand.url}/health is healthy again, after 1 restarts`,
    })
    const starts = stand.starts()
    expect(starts).toHaveLength(before + 1)
    const waited = Date.parse(record.ended) - (starts.at(-1) ?? 0)
    expect(waited).toBeGreaterThan(1_000)
    expect(waited).toBeLessThan(30_000)
    expect(measured(record)).toMatchObject({ restart_healthy: 1, restart_gave_up: 0, restart_attempts: 1 })
    expect(measured(record).restart_last_restart_timestamp_seconds).toBeGreaterThan(Date.parse(record.started) / 1_000)
    expect(await state()).toMatchObject({ restarts: [expect.any(String)] })
  })

  test('one that stays ill is given up, is left alone after that, and begins anew once it was healthy', async () => {
    const before = stand.starts().length
    stand.breakIt()
    const quick = { readySeconds: 0.6 }
    const record = await done(job(quick))
    expect(record).toMatchObject({
      outcome: 'failed',
      words: expect.stringMatching(/^http:.* is down since .*, and 3 times pm2 restart techplus-backend did not help/),
    })
    expect(measured(record)).toMatchObject({ restart_healthy: 0, restart_gave_up: 1, restart_attempts: 3 })
    const starts = stand.starts().slice(before)
    expect(starts).toHaveLength(3)
    // The second pause is twice the first, each behind the time that it had to become healthy.
    const [first = 0, second = 0, third = 0] = starts
    expect(second - first).toBeGreaterThan(790)
    expect(third - second).toBeGreaterThan(990)
    const again = await done(job(quick))
    expect(again).toMatchObject({
      outcome: 'failed',
      words: expect.stringMatching(/restarted again when there was no restart for an hour$/),
    })
    expect(measured(again)).toMatchObject({ restart_healthy: 0, restart_gave_up: 1, restart_attempts: 3 })
    expect(stand.starts()).toHaveLength(before + 3)
    const later = await done(job({ ...quick, attempts: 1 }, {}, () => Date.now() + 3_600_000))
    expect(measured(later)).toMatchObject({ restart_gave_up: 1, restart_attempts: 4 })
    stand.mendIt()
    await stand.healthy()
    const mended = await done()
    expect(mended).toMatchObject({ outcome: 'succeeded' })
    expect(measured(mended)).toMatchObject({ restart_healthy: 1, restart_gave_up: 0, restart_attempts: 4 })
    expect((await state()).outage).toBeUndefined()
  })

  test('what falls again and again is restarted no more than so often within an hour', async () => {
    const two = { perHour: 2 }
    const outcomes: string[] = []
    for (let run = 0; run < 3; run += 1) {
      await stand.fallIll()
      outcomes.push((await done(job(two))).outcome)
    }
    expect(outcomes).toEqual(['succeeded', 'succeeded', 'failed'])
    expect(told.at(-1)).toMatch(/was restarted 2 times within an hour: once more would not mend it/)
    await stand.pm2('restart', stand.process)
  })

  test('one that is back before it was asked often enough is not restarted', async () => {
    const starts = stand.starts()
    const before = told.filter((words) => words.includes('is not healthy, 1 times')).length
    stand.breakIt()
    const running = done(job({ failures: 1_000 }))
    await eventually(
      () => told.filter((words) => words.includes('is not healthy, 1 times')),
      (seen) => seen.length > before,
    )
    stand.mendIt()
    expect(await running).toMatchObject({
      outcome: 'succeeded',
      words: expect.stringMatching(/is healthy, after \d+ failures$/),
    })
    expect(measured(await running)).toEqual({ restart_healthy: 1, restart_gave_up: 0, restart_attempts: 0 })
    expect(stand.starts()).toEqual(starts)
  })

  test('while an update runs it is not restarted, whichever of the two came first', async () => {
    const before = stand.starts().length
    await stand.fallIll()
    await whileNoneRuns(folder, ['update', 'restart'], async () => {
      await expect(done()).rejects.toBeInstanceOf(AlreadyRuns)
    })
    await whileNoneRuns(folder, ['update'], async () => {
      const record = await done()
      expect(record).toMatchObject({
        outcome: 'refused',
        words: expect.stringMatching(/is not restarted while an update runs/),
      })
      expect(measured(record)).toMatchObject({ restart_healthy: 0 })
    })
    expect(stand.starts()).toHaveLength(before)
    expect((await done()).outcome).toBe('succeeded')
  })
})

const noEngine = whyNoEngine()
if (noEngine !== undefined) console.log(`Docker restarts nothing in this test, which is left out: ${noEngine}`)

describe.skipIf(noEngine !== undefined)('with Docker', () => {
  let docker: Awaited<ReturnType<typeof dockerStand>>
  beforeAll(async () => {
    docker = await dockerStand()
    process.env.DOCKER_HOST = docker.socket
  })
  afterAll(async () => {
    delete process.env.DOCKER_HOST
    await docker?.end()
  })

  test('a container, and a service of compose, is restarted where it is ill', async () => {
    const drivers: readonly RestartSetting['driver'][] = [
      { by: 'docker', container: docker.container },
      { by: 'compose', file: docker.file, service: docker.service },
    ]
    for (const driver of drivers) {
      const before = docker.starts().length
      await docker.fallIll()
      const record = await done(job({ driver, readySeconds: 60 }, { API_URL: docker.url }))
      expect(record).toMatchObject({
        outcome: 'succeeded',
        words: expect.stringMatching(/is healthy again, after 1 restarts$/),
      })
      expect(docker.starts()).toHaveLength(before + 1)
    }
  })

  test.each<RestartSetting['driver']>([
    { by: 'docker', container: 'another' },
    { by: 'compose', file: '', service: 'another' },
  ])('what it does not know is refused: %j', async (driver) => {
    const own = driver.by === 'compose' ? { ...driver, file: docker.file } : driver
    const refused = job({ driver: own }, { API_URL: docker.url }).plan(fresh())
    await expect(refused).rejects.toMatchObject({
      faults: [expect.stringMatching(/another: name another in config\/restart|no service another/)],
    })
  })
})

describe('nothing is changed, and what is wrong is named, where', () => {
  const faultsOf = async (one: ReturnType<typeof job>) => {
    const refused = await one.plan(fresh()).catch((cause: unknown) => cause)
    if (refused instanceof Refused) return refused.faults
    throw new Error('it was not refused', { cause: refused })
  }

  test('the address of the API is missing', async () => {
    const nothing = restartJob(readEnv({ JOBS_DIR: folder }))
    await expect(nothing.plan(fresh())).rejects.toMatchObject({
      faults: expect.arrayContaining([expect.stringMatching(/^API_URL is missing/)]),
    })
    const neither = restartJob(readEnv({ JOBS_DIR: folder }), {
      how: { ...restartSetting, driver: { by: 'docker', container: 'nobody-has-it' } },
    })
    expect(await faultsOf(neither)).toEqual([
      expect.stringMatching(/^API_URL is missing/),
      expect.stringMatching(/container|docker/i),
    ])
  })

  test.each<readonly [string, RestartSetting['driver'], RegExp]>([
    ['PM2 does not know the process', { by: 'pm2', process: 'other' }, /^PM2 knows no process other/],
    [
      'PM2 does not run',
      { by: 'pm2', process: 'other', home: '/nowhere' },
      /^PM2 does not run with its folder \/nowhere/,
    ],
    ['systemd does not know the unit', { by: 'systemd', unit: 'nothing-of-ours.service' }, /systemd|systemctl/],
    [
      'Docker does not know the container',
      { by: 'docker', container: 'nothing-of-ours' },
      /container nothing-of-ours|no docker/,
    ],
    ['compose has no such file', { by: 'compose', file: '/nowhere.yml', service: 'api' }, /\/nowhere\.yml|no docker/],
  ])('%s', async (_where, driver, fault) => {
    const own = driver.by === 'pm2' ? { home: stand.home, ...driver } : driver
    const faults = await faultsOf(job({ driver: own })).catch((cause: Error) => [String(cause.cause)])
    expect(faults).toEqual([expect.stringMatching(fault)])
  })

  test('what was noted of restarts is damaged', async () => {
    const own = placesOf(folder, 'restart').own
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'restarts.json'), '{ "version": 1')
    expect(await faultsOf(job())).toEqual([expect.stringMatching(/restarts\.json is damaged/)])
  })

  test('a port that nobody listens at is an API that is down', async () => {
    const { steps } = await job({}, { API_URL: `http://127.0.0.1:${await freePort()}` }).plan(fresh())
    expect(steps[0]).toMatch(/which is not healthy now/)
  })
})

test('restarts of the last hour are counted, also by a clock that was set back or was wrong', () => {
  const now = Date.parse('2026-11-26T12:00:00.000Z')
  const restarts = [
    '2026-11-26T10:59:59.000Z',
    '2026-11-26T11:00:01.000Z',
    '2026-11-26T12:59:00.000Z',
    '2029-01-01T00:00:00.000Z',
  ]
  expect(lately({ version: 1, restarts }, now)).toEqual(restarts.slice(1, 3))
})
