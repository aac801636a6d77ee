import { describe, expect, test } from 'vitest'
import type { JobSetting } from '../../../config/jobs.ts'
import type { JobRecord, Outcome, Running } from '../../../exporters/jobs/record.ts'
import { restartMeasures } from '../../../exporters/jobs/restart.ts'
import { told } from '../../../exporters/jobs/told.ts'

const job = 'restart'
const setting: JobSetting = {
  words: 'restarts',
  on: true,
  schedule: '15 2 * * *',
  timeoutMinutes: 20,
  quietMinutes: 10,
}
const at = (moment: string) => Date.parse(moment)
const recordOf = (started: string, outcome: Outcome, samples: JobRecord['samples'] = []): JobRecord => ({
  version: 1,
  job,
  run: started.replaceAll(':', '.'),
  started,
  ended: new Date(at(started) + 5_000).toISOString(),
  outcome,
  words: '',
  failures: [],
  samples,
})
const runningOf = (started: string, beat: string): Running => ({
  version: 1,
  job,
  run: started.replaceAll(':', '.'),
  started,
  pid: 1,
  beat,
  progressed: started,
  step: 'waiting',
})

type Known = Parameters<typeof told>[0]
const says = (known: Partial<Known> & Pick<Known, 'now'>) => {
  const samples = told({
    job,
    setting,
    records: [],
    running: undefined,
    totals: undefined,
    damaged: [],
    measures: restartMeasures,
    scheduled: undefined,
    since: 0,
    ...known,
  })
  const all = Object.fromEntries(
    samples.map(({ metric, labels, value }) => [[metric.name, ...Object.values(labels).slice(1)].join(' '), value]),
  )
  return { all, due: new Date((all.maintenance_job_due_timestamp_seconds ?? 0) * 1_000).toISOString() }
}

describe('A job is due', () => {
  const now = at('2026-11-26T12:00:00Z')
  test.each<[what: string, known: Partial<Known>, due: string]>([
    ['the first time after somebody began to wait', { since: at('2026-11-20T12:00:00Z') }, '2026-11-21T01:15:00.000Z'],
    ['after its last start', { records: [recordOf('2026-11-26T01:15:00Z', 'failed')] }, '2026-11-27T01:15:00.000Z'],
    [
      'and stays it until it starts',
      { records: [recordOf('2026-11-20T01:15:00Z', 'succeeded')] },
      '2026-11-21T01:15:00.000Z',
    ],
    [
      'not for the time before it was switched on',
      { records: [recordOf('2026-10-01T01:15:00Z', 'succeeded')], scheduled: at('2026-11-26T11:00:00Z') },
      '2026-11-27T01:15:00.000Z',
    ],
    [
      'again after the clock was set back',
      { records: [recordOf('2027-11-26T01:15:00Z', 'succeeded')] },
      '2026-11-27T01:15:00.000Z',
    ],
    [
      'after the run that goes on',
      { running: runningOf('2026-11-26T11:59:00Z', '2026-11-26T11:59:59Z') },
      '2026-11-27T01:15:00.000Z',
    ],
  ])('%s', (_what, known, due) => {
    expect(says({ now, ...known }).due).toBe(due)
  })

  test('never where it is off, or has no schedule', () => {
    for (const more of [{ on: false }, { schedule: undefined }]) {
      const { schedule, ...rest } = { ...setting, ...more }
      const { all } = says({ now, setting: { ...rest, ...(schedule !== undefined && { schedule }) } })
      expect(all).not.toHaveProperty('maintenance_job_due_timestamp_seconds')
    }
  })
})

describe('A run', () => {
  const started = '2026-11-26T11:00:00.000Z'
  test('that gave a sign of life is under way', () => {
    const { all } = says({ now: at('2026-11-26T11:00:30Z'), running: runningOf(started, '2026-11-26T11:00:25Z') })
    expect(all).toMatchObject({
      maintenance_job_running: 1,
      maintenance_job_running_since_timestamp_seconds: at(started) / 1_000,
    })
    expect(all).not.toHaveProperty('maintenance_job_last_end_timestamp_seconds')
  })

  test.each([
    ['for a minute', '2026-11-26T11:02:00Z'],
    ['yet, because the clock was set back', '2026-11-25T11:00:00Z'],
  ])('that gave none %s was killed, and is counted once that is written down', (_what, now) => {
    const { all } = says({ now: at(now), running: runningOf(started, '2026-11-26T11:00:25Z') })
    expect(all).toMatchObject({
      maintenance_job_running: 0,
      'maintenance_job_last_outcome killed': 1,
      'maintenance_job_runs_total killed': 0,
    })
  })
})

describe('What was measured', () => {
  const attempts = (value: number) => ({ metric: 'restart_attempts', labels: {}, value })
  test('is of the last run that told of it, and once', () => {
    const records = [
      recordOf('2026-11-26T11:00:00Z', 'succeeded', [attempts(1), { metric: 'restart_healthy', labels: {}, value: 1 }]),
      recordOf('2026-11-26T11:01:00Z', 'failed', [
        attempts(2),
        attempts(3),
        { metric: 'of_an_older_release', labels: {}, value: 1 },
      ]),
      recordOf('2026-11-26T11:02:00Z', 'refused'),
    ]
    const samples = told({
      ...{ job, setting, records, running: undefined, totals: undefined, damaged: [] },
      ...{ measures: restartMeasures, scheduled: undefined, since: 0, now: at('2026-11-26T12:00:00Z') },
    }).filter(({ metric }) => !metric.name.startsWith('maintenance_'))
    expect(samples.map(({ metric, value }) => [metric.name, value])).toEqual([
      ['restart_healthy', 1],
      ['restart_attempts', 3],
    ])
  })

  test('outlives its record', () => {
    const totals = { version: 1, through: '2026', runs: { succeeded: 7 }, samples: [attempts(4)] } as const
    const { all } = says({ now: at('2026-11-26T12:00:00Z'), totals: { ...totals, samples: [...totals.samples] } })
    expect(all).toMatchObject({ restart_attempts: 4, 'maintenance_job_runs_total succeeded': 7 })
  })
})
