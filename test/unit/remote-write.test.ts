import { describe, expect, test } from 'vitest'
import { type Asked, everything } from '../prove/remote-write/asked.ts'
import { generatedGroups, groupFaults, told } from '../prove/remote-write/far.ts'
import { judged } from '../prove/remote-write/near.ts'
import { reasonsForNone, unexplained } from '../prove/remote-write/unanswered.ts'

const asked = (promql: string, reads: readonly string[] = []): Asked => ({ name: 'one', promql, as: 'range', reads })
/** One series, whose last value this is. */
const series = (labels: Readonly<Record<string, string>>, last: number) =>
  JSON.stringify({
    metric: labels,
    values: [
      [1, '0'],
      [2, String(last)],
    ],
  })
const rate = asked('rate(http_requests_total[5m])')
const [get, post] = [{ method: 'GET' }, { method: 'POST' }]

describe('an answer of VictoriaMetrics that differs', () => {
  test.each([
    ['is as near as a rate may be', [series(get, 0.7)], [series(get, 1)], 'near'],
    [
      'is none where values are the same but for a name',
      [series(get, 1)],
      [series({ ...get, __name__: 'a' }, 1)],
      'near',
    ],
    ['is far off', [series(get, 0.6)], [series(get, 1)], { fault: 'has values that are far off' }],
    [
      'is something where there is nothing',
      [series(get, 0)],
      [series(get, 1)],
      { fault: 'has values that are far off' },
    ],
    ['has no number', [series(get, 1)], [series(get, Number.NaN)], { fault: 'has values that are far off' }],
    ['is of another series', [series(get, 1)], [series(post, 1)], { fault: 'has other series' }],
    ['is of one series fewer', [series(get, 1), series(post, 1)], [series(get, 1)], { fault: 'has other series' }],
    ['is not there', [series(get, 1)], [], { fault: 'has other series' }],
  ])('%s', (_what, ours, theirs, verdict) => {
    expect(judged(rate, [ours, theirs])).toEqual(verdict)
  })

  test('may be further off where a reason is named, and is of the same series all the same', () => {
    const restarts = asked('changes(process_start_time_seconds[15m])')
    expect(judged(restarts, [[series(get, 0)], [series(get, 1)]])).toBe(
      'the beginning of a series, which is a change there',
    )
    expect(judged(restarts, [[series(get, 0)], [series(post, 1)]])).toEqual({ fault: 'has other series' })
  })

  test('is of about as many alerts', () => {
    const alerts = asked('ALERTS', ['ALERTS'])
    const firing = (count: number, first = 0) =>
      Array.from({ length: count }, (_, place) => series({ since: String(first + place) }, 1))
    expect(judged(alerts, [firing(35), firing(36, 100)])).toBe('how long an alert has fired')
    expect(judged(alerts, [firing(35), firing(30)])).toEqual({ fault: 'has other series' })
  })
})

describe('the groups that vmalert has', () => {
  const begin = Date.parse('2026-11-27T09:05:54Z') / 1000
  const groups = (lastEvaluation: string, lastError = '') =>
    told.parse({
      data: { groups: generatedGroups.map((name) => ({ name, rules: [{ name: 'A', lastError, lastEvaluation }] })) },
    }).data.groups
  const evaluated = groups('2026-11-27T09:09:52.250483054Z')

  test('are all that are generated, and evaluated', () => {
    expect(groupFaults(evaluated, begin)).toEqual([])
    expect(evaluated.length).toBeGreaterThan(70)
    expect(groupFaults(evaluated.slice(1), begin)).toEqual([`vmalert has no group ${generatedGroups[0]}`])
  })

  test.each(['0001-01-01T00:00:00Z', '2026-11-27T09:05:53Z'])(
    'are told of where they were evaluated last in %s',
    (last) => {
      expect(groupFaults(groups(last), begin)).toEqual(
        generatedGroups.map((name) => `vmalert did not evaluate all of ${name}`),
      )
    },
  )

  test('are told of where a rule is in error', () => {
    const failing = groups('2026-11-27T09:09:52Z', 'no such function')
    expect(groupFaults(failing.slice(0, 1), begin)).toContain(`${generatedGroups[0]}: A: no such function`)
  })
})

describe('a query of a panel that has no answer', () => {
  const none = (name: string) => ({ one: { ...rate, name }, answered: false })

  test('needs a reason', () => {
    expect(unexplained([none('techplus-http: Requests by route')])).toHaveLength(1)
    expect(unexplained([none('techplus-alerts-stack: SystemDown'), none('rule stack: SystemDown')])).toEqual([])
    expect(unexplained([{ ...none('techplus-http: Requests by route'), answered: true }])).toEqual([])
  })

  test('excuses no other of the same panel', () => {
    const [first, second] = [
      none('techplus-postgres-maintenance: Dead rows'),
      none('techplus-postgres-maintenance: Dead rows'),
    ]
    expect(unexplained([first, second])).toEqual([second.one])
    const each = ['redis', 'jobs'].map((job) => none(`techplus-alerts-stack: MetricsAbsent of ${job}`))
    expect(unexplained(each)).toEqual([])
  })

  test('is of a panel that there is', () => {
    const names = everything().map(({ name }) => name)
    const unknown = Object.keys(reasonsForNone).filter(
      (title) => !names.some((name) => name === title || name.startsWith(`${title} of `)),
    )
    expect(unknown).toEqual([])
  })
})
