import { describe, expect, test } from 'vitest'
import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { allowList, everyExpression, type Readers } from '../../../compose/mimir/allow-list.ts'
import { row } from '../../../dashboards/dashboard.ts'
import { models } from '../../../dashboards/index.ts'
import { model } from '../../../dashboards/model.ts'
import { timeseries } from '../../../dashboards/panel.ts'
import { series } from '../../../dashboards/query.ts'
import { variable } from '../../../dashboards/variable.ts'
import { counter, gauge, histogram, recorded } from '../../../metrics/metric.ts'
import { presenceOf } from '../../../metrics/presence.ts'
import { histogramQuantile, instant, rate, sum } from '../../../metrics/promql.ts'
import { everyMetric } from '../../promtool/series.ts'

const list = allowList()
const groups = Object.values(ruleFiles()).flat()
const recordedNames = groups.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.name])))

/** Every series that anybody serves, by its whole name. */
const served = new Set(
  everyMetric.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => `${name}${suffix}`) : [name],
  ),
)

describe('what is written far away', () => {
  test('is what the expressions name of all that is served, and nothing else, by another way of reading them', () => {
    const words = new Set(everyExpression().flatMap((expr) => expr.match(/[a-zA-Z_:][\w:]*/g) ?? []))
    const madeThere = new Set(['ALERTS', 'ALERTS_FOR_STATE'])
    expect(list).toEqual([...served].filter((name) => words.has(name) && !madeThere.has(name)).sort())
    expect(list.length).toBeGreaterThan(300)
  })

  test('is asked for by rules and by what each dashboard shows, marks and lets choose', () => {
    const asked = new Set(everyExpression())
    const filled = (expr: string) => expr.replace(/\$__\w+/g, '1m')
    for (const { rules } of groups) for (const { expr } of rules) expect(asked).toContain(expr)
    for (const one of models) {
      for (const { expr } of one.asked) expect(asked).toContain(filled(expr))
      for (const { expr } of one.json.annotations?.list ?? []) expect(asked).toContain(filled(expr ?? ''))
    }
    expect(asked).toContain('http_requests_total{instance=~"$api"}')
  })

  test('holds no series that rules make: they are made where it goes', () => {
    expect(list.filter((name) => recordedNames.includes(name) || name.startsWith('ALERTS'))).toEqual([])
    expect(recordedNames.length).toBeGreaterThan(10)
  })

  test('tells of scrapes themselves', () => {
    expect(list).toEqual(expect.arrayContaining(['up', 'scrape_duration_seconds', 'scrape_samples_scraped']))
  })
})

const requests = counter({ name: 'made_requests_total', help: 'x' })
const size = gauge({ name: 'made_size_bytes', help: 'x' })
const pause = histogram({ name: 'made_pause_seconds', help: 'x', buckets: [1] })
const share = recorded({ name: 'made:requests:rate5m', expr: sum(rate(requests, '5m')) })
const panel = (queries: Parameters<typeof timeseries>[0]['queries']) =>
  timeseries({ title: 'X', description: 'x', unit: 'plain', queries })
const shown = (...made: Parameters<typeof model>) => ({ groups: [], dashboards: [model(...made)] }) satisfies Readers
const spec = { uid: 'techplus-x', title: 'X', description: 'x', rows: [] } as const

describe('the list of who reads', () => {
  test.each<[who: string, readers: Readers, names: readonly string[]]>([
    ['nobody', { groups: [], dashboards: [] }, []],
    ['a rule', { groups: [{ name: 'x', rules: [share] }], dashboards: [] }, ['made_requests_total']],
    [
      'a panel that reads what a rule records, and a size',
      {
        groups: [{ name: 'x', rules: [share] }],
        dashboards: [
          model({ ...spec, rows: [row('?', [panel([series(instant(share), 'x'), series(instant(size), 'x')])])] }),
        ],
      },
      ['made_requests_total', 'made_size_bytes'],
    ],
    [
      'a panel of a quantile, over a range that Grafana knows',
      shown({ ...spec, rows: [row('?', [panel([series(histogramQuantile(0.9, pause, '$__rate_interval'), 'x')])])] }),
      ['made_pause_seconds_bucket'],
    ],
    [
      'a mark',
      shown(spec, [], [{ title: 'X', query: series(instant(size), 'x'), says: 'x', is: 'neutral' }]),
      ['made_size_bytes'],
    ],
    [
      'a choice, hidden or not',
      shown({ ...spec, variables: [variable({ name: 'a', label: 'A', of: requests, values: 'instance' })] }, [
        variable({ name: 'b', label: 'B', of: size.where({ job: 'made_other' }), values: 'instance' }),
      ]),
      ['made_requests_total', 'made_size_bytes'],
    ],
    [
      'whoever asks for several names at once',
      shown({
        ...spec,
        rows: [row('?', [panel([series(presenceOf([size, pause], 'made'), 'x')])])],
      }),
      ['made_pause_seconds_count', 'made_size_bytes'],
    ],
  ])('of %s', (_who, readers, names) => {
    expect(allowList(readers)).toEqual(names)
  })

  test('is refused where a choice is not asked for by its label', () => {
    const odd = { ...variable({ name: 'a', label: 'A', of: size, values: 'instance' }), query: 'metrics(made.*)' }
    expect(() => allowList(shown({ ...spec, variables: [odd] }))).toThrow(
      'could not tell which series a choice reads: "metrics(made.*)": ask for label_values(...)',
    )
  })
})
