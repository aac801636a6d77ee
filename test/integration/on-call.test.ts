import { afterAll, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { onCall } from '../../dashboards/on-call.ts'
import { asking } from '../promtool/ask.ts'
import { filesOf } from '../promtool/files.ts'

const { promtool } = await ensurePrograms(['promtool'])
const { ask, end } = asking(promtool)
afterAll(end)

const print = (name: string, labels: Readonly<Record<string, string>>) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`
const series = (name: string, labels: Readonly<Record<string, string>>, values: string) => ({
  series: print(name, labels),
  values,
})

// It is ten in the morning of the first of January 1970, a sample a minute.
const hour = 60
const now = '10h'
/** From an hour on until now; before there is none. */
const since = (at: number, value: number) => `_x${at * hour} ${value}x${(10 - at) * hour}`
const first = (at: number, value = 1) => `0x${at * hour} ${value}x${(10 - at) * hour}`

const api = { alertname: 'ApiDown', severity: 'critical', owner: 'platform', instance: 'api' }
const postgres = { alertname: 'PostgresDown', severity: 'critical', owner: 'platform', instance: 'main' }
const redis = { alertname: 'RedisMemoryNearLimit', severity: 'high', owner: 'platform', instance: 'cache' }
const slow = { alertname: 'PostgresSlowStatement', severity: 'medium', owner: 'reservations', instance: 'main' }
const [one, other] = [
  { ...slow, queryid: '1' },
  { ...slow, queryid: '2' },
]
const critical = { severity: 'critical', owner: 'platform' }
const low = { severity: 'low', owner: 'support' }
const timed = (le: string, values: string) =>
  series('incident_time_to_acknowledge_seconds_bucket', { ...critical, le }, values)

const input_series = [
  series('alert:fired:timestamp_seconds', { alertname: 'Watchdog' }, since(0, 0)),
  series('alert:fired:timestamp_seconds', postgres, since(9.5, 9.5 * 3600)),
  // It fired at night as well, for an hour.
  series(
    'alert:fired:timestamp_seconds',
    api,
    `_x60 3600x59 stale _x${6.5 * hour - 1} ${since(8.5, 8.5 * 3600).split(' ')[1]}`,
  ),
  series('alert:fired:timestamp_seconds', redis, since(8, 8 * 3600)),
  series('alert:fired:timestamp_seconds', one, since(7, 7 * 3600)),
  series('alert:fired:timestamp_seconds', other, since(9, 9 * 3600)),
  series('alert_acknowledged', postgres, since(9.5, 0)),
  series('alert_acknowledged', api, since(8.5, 0)),
  series('alert_acknowledged', redis, since(8, 1)),
  series('alert_acknowledged', one, since(7, 1)),
  series('alert_acknowledged', other, since(9, 0)),
  series('alert_acknowledged_until_timestamp_seconds', { ...redis, created_by: 'ann' }, since(8, 39600)),
  series('alert_acknowledged_until_timestamp_seconds', { ...one, created_by: 'bob' }, since(7, 43200)),
  series('sla_response_met_total', critical, first(1)),
  series('sla_response_breached_total', critical, first(9)),
  series('sla_response_met_total', low, first(0, 0)),
  series('sla_response_breached_total', low, first(0, 0)),
  series('incident_time_to_acknowledge_seconds_sum', critical, first(1, 600)),
  series('incident_time_to_acknowledge_seconds_count', critical, first(1)),
  series('incident_time_to_acknowledge_seconds_sum', low, first(0, 0)),
  series('incident_time_to_acknowledge_seconds_count', low, first(0, 0)),
  timed('300', first(0, 0)),
  timed('900', first(1)),
  timed('+Inf', first(1)),
]

const exprOf = (panel: string, refId: string) => {
  const found = onCall.asked.find((asked) => asked.panel === panel && asked.refId === refId)
  if (!found) throw new Error(`no query ${refId} of ${panel}`)
  return found.expr.replaceAll('$__range', now)
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]
const told = 'Alerts, and who answered'
const [fast, load] = ['From the alert to the answer and the end, in this range', 'Alerts that fired, in this range']
const byAlert = ({ instance: _instance, ...labels }: typeof slow) => labels

const cases: readonly (readonly [name: string, panel: string, refId: string, finds: readonly Sample[]])[] = [
  [
    'for how long each alert fires, the oldest of one kind first',
    told,
    'A',
    [
      [api, 5400],
      [postgres, 1800],
      [redis, 7200],
      [slow, 10800],
    ],
  ],
  [
    'how much of the response time has passed, of what nobody acknowledged',
    told,
    'B',
    [
      [api, 1.5],
      [postgres, 0.5],
      [slow, 1 / 24],
    ],
  ],
  [
    'how many seconds are left, below zero once it has run out',
    told,
    'C',
    [
      [api, -1800],
      [postgres, 1800],
      [slow, 82800],
    ],
  ],
  [
    'what is acknowledged as a whole',
    told,
    'D',
    [
      [api, 0],
      [postgres, 0],
      [redis, 1],
      [slow, 0],
    ],
  ],
  [
    'who acknowledged it, and until when',
    told,
    'E',
    [
      [{ ...redis, created_by: 'ann' }, 39600_000],
      [{ ...slow, created_by: 'bob' }, 43200_000],
    ],
  ],
  [
    'where each is drawn',
    told,
    'F',
    [
      [{ ...api, page: 'techplus-alerts-probe' }, 1],
      [{ ...postgres, page: 'techplus-alerts-postgres' }, 1],
      [{ ...redis, page: 'techplus-alerts-redis' }, 1],
      [{ ...slow, page: 'techplus-alerts-postgres' }, 2],
    ],
  ],
  [
    'the share that was answered in time, of severities that had an incident',
    'Answered in time, this month',
    'A',
    [[{ severity: 'critical' }, 0.5]],
  ],
  ['how long an answer took on average', fast, 'D', [[{ severity: 'critical' }, 600]]],
  ['how long nine of ten answers took at most', fast, 'E', [[{ severity: 'critical' }, 840]]],
  [
    'how often each alert fired',
    load,
    'A',
    [
      [byAlert(api), 2],
      [byAlert(postgres), 1],
      [byAlert(redis), 1],
      [byAlert(slow), 2],
    ],
  ],
  [
    'how often it began at night, and where it is drawn',
    load,
    'B',
    [
      [{ ...byAlert(api), page: 'techplus-alerts-probe' }, 1],
      [{ ...byAlert(postgres), page: 'techplus-alerts-postgres' }, 0],
      [{ ...byAlert(redis), page: 'techplus-alerts-redis' }, 0],
      [{ ...byAlert(slow), page: 'techplus-alerts-postgres' }, 0],
    ],
  ],
]

test.each(cases)('the on-call dashboard shows %s', async (name, panel, refId, finds) => {
  const thousandths = (value: number) => Math.round(value * 1000)
  const files = filesOf([], '1m', [
    {
      name,
      input_series,
      promql_expr_test: [
        {
          eval_time: now,
          expr: `round((${exprOf(panel, refId)}) * 1000)`,
          exp_samples: finds.map(([labels, value]) => ({ labels: print('', labels), value: thousandths(value) })),
        },
      ],
    },
  ])
  const { holds, output } = await ask(files)
  expect(output).toContain('SUCCESS')
  expect(holds).toBe(true)
})
