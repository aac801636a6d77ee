import { boundary } from '../alerts/alert.ts'
import { postgresConnectionsNearLimit, usableConnections } from '../alerts/postgres/connections.ts'
import { promiseSeries } from '../alerts/promises.ts'
import { memoryShare, redisMemoryNearLimit } from '../alerts/redis/memory.ts'
import { severities, sla } from '../config/sla.ts'
import { incidentsOpen } from '../exporters/incidents/metrics.ts'
import { activityCount } from '../exporters/postgres/activity.ts'
import { postgresVitals } from '../exporters/postgres/index.ts'
import { redisVitals } from '../exporters/redis/index.ts'
import { httpRequestDuration, httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { reservationsTotal } from '../exporters/service/reservations.ts'
import { alerts, alertsForState, probeSuccess, up } from '../metrics/foreign.ts'
import { matches, not } from '../metrics/metric.ts'
import { namesOf } from '../metrics/names.ts'
import {
  and,
  count,
  div,
  eq,
  histogramQuantile,
  instant,
  max,
  or,
  rate,
  secondsSince,
  sum,
  vector,
} from '../metrics/promql.ts'
import { share } from '../metrics/share.ts'
import { target } from '../metrics/target.ts'
import { pageColumn, withPage } from './alerts.ts'
import { severityMeaning, upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { perMinute } from './per-minute.ts'
import { budgetLeft, reachOf, tooManyBad } from './promise-steps.ts'
import { series } from './query.ts'
import { stateOf } from './state.ts'
import { detail, table } from './table.ts'
import { uids } from './uids.ts'
import { api, postgresServer, redisServer } from './variables.ts'

const firing = alerts.where({ alertstate: 'firing', severity: not('') })
const told = ['alertname', 'severity', 'owner', 'instance'] as const
const quiet = { emptyWhen: 'Nothing fires' } as const
const window = '$__rate_interval'

const state = row('Does everything answer?', [
  stat({
    title: 'API',
    description: 'Whether the health check of each API answered the last probe from outside. DOWN: guests cannot book.',
    unit: 'plain',
    queries: [series(stateOf(probeSuccess, 'probe'), ({ label }) => label('instance'))],
    names: upOrDown,
    opens: { uid: uids.http, choose: api },
  }),
  stat({
    title: 'PostgreSQL',
    description: 'Whether each database server took the connection of the exporter and answered.',
    unit: 'plain',
    queries: [series(stateOf(postgresVitals.up, 'postgres'), ({ label }) => label('instance'))],
    names: upOrDown,
    opens: { uid: uids.postgres, choose: postgresServer },
  }),
  stat({
    title: 'Redis',
    description: 'Whether each Redis took the connection of the exporter and answered.',
    unit: 'plain',
    queries: [series(stateOf(redisVitals.up, 'redis'), ({ label }) => label('instance'))],
    names: upOrDown,
    opens: { uid: uids.redis, choose: redisServer },
  }),
  stat({
    title: 'Targets not scraped',
    description:
      'Targets that did not answer the last scrape: what they watch is not watched now. The page /targets of Prometheus says why.',
    unit: 'count',
    // No such target is what is hoped for: zero is the truth, as Prometheus itself answered.
    queries: [series(or(count(eq(instant(up), 0)), vector(0)), 'not scraped')],
    steps: [{ from: 1, is: 'bad' }],
  }),
  stat({
    title: 'Alerts firing, by severity',
    description: `How many alerts fire now. ${namesOf(severities)
      .map((name) => `${name}: answered within ${severities[name].respondWithinHours} h`)
      .join(', ')}.`,
    width: 8,
    unit: 'count',
    // None is what is hoped for: zero is the truth, as Prometheus itself answered.
    queries: namesOf(severities).map((severity) =>
      series(or(count(instant(alerts.where({ alertstate: 'firing', severity }))), vector(0)), severity),
    ),
    stepsOf: Object.fromEntries(namesOf(severities).map((name) => [name, [{ from: 1, is: severityMeaning[name] }]])),
  }),
])

const open = row('What needs somebody?', [
  table({
    title: 'Firing alerts',
    description:
      'Each alert that fires, whom it belongs to, how many of it there are (statements, tables, windows) and for how long the condition of the oldest has held. *Drawn on* leads to the values it judges. What to do stands in the alert itself: it came with the page, and Prometheus shows it at /alerts.',
    width: 20,
    height: 6,
    rows: {
      alertname: { title: 'Alert', width: 280 },
      severity: { title: 'Severity', width: 120, colours: severityMeaning },
      owner: { title: 'Owner', width: 140 },
      instance: 'Target',
    },
    columns: [
      {
        title: 'For',
        expr: and(max(secondsSince(instant(alertsForState)), told), max(instant(firing), told), { on: told }),
        unit: 'seconds',
        ...quiet,
      },
      detail(
        { page: pageColumn },
        { title: 'How many', expr: withPage(count(instant(firing), told)), unit: 'count', decimals: 0, ...quiet },
      ),
    ],
    sortBy: 'For',
  }),
  stat({
    title: 'Not answered in time',
    description:
      'Open incidents that nobody acknowledged before their response time ran out. The on-call dashboard says which, and whose.',
    height: 6,
    unit: 'count',
    queries: [series(sum(instant(incidentsOpen.where({ response: 'late' }))), '')],
    steps: [{ from: 1, is: 'bad' }],
    opens: { uid: uids.onCall },
  }),
])

const promises = row('Are the promises kept?', [
  stat({
    title: 'Error budget left',
    description:
      'What is left of the errors that each promise allows in its period. Below a quarter take no risks; below zero the promise is broken. The SLA dashboard says how fast it goes.',
    width: 24,
    height: 5,
    unit: 'share',
    decimals: 1,
    queries: namesOf(sla).map((name) => series(instant(promiseSeries(name).remaining), sla[name].title)),
    base: 'bad',
    steps: budgetLeft,
    sparkline: true,
    opens: { uid: uids.sla },
  }),
])

const traffic = row('What do users see?', [
  timeseries({
    title: 'Requests',
    description: 'Requests that all APIs answer per second. A fall to nothing is as much an alarm as a flood.',
    width: 6,
    unit: 'requestsPerSecond',
    min: 0,
    queries: [series(sum(rate(httpRequestsTotal, window)), 'requests')],
  }),
  timeseries({
    title: 'Failed requests',
    description: 'Share of requests answered with a server error. The line is what the promise allows on average.',
    width: 6,
    unit: 'share',
    min: 0,
    queries: [
      series(
        share(
          sum(rate(httpRequestsTotal.where({ status_code: matches('5..') }), window)),
          sum(rate(httpRequestsTotal, window)),
        ),
        'failed',
      ),
    ],
    limits: tooManyBad(sla.httpAvailability),
    reaches: [0, reachOf(sla.httpAvailability)],
    colours: { failed: 'bad' },
  }),
  timeseries({
    title: 'Response time',
    description: 'Half of all requests are answered within p50, 95 % within p95. The line is the promised time.',
    width: 6,
    unit: 'seconds',
    min: 0,
    queries: [
      series(histogramQuantile(0.5, httpRequestDuration, window), 'p50'),
      series(histogramQuantile(0.95, httpRequestDuration, window), 'p95'),
    ],
    limits: [{ from: sla.httpLatency.seconds, is: 'bad' }],
  }),
  timeseries({
    title: 'Reservations',
    description: 'Attempts to book and cancellations per minute, by how they ended. `failed` is an error of ours.',
    width: 6,
    unit: 'perMinute',
    min: 0,
    queries: [series(perMinute(reservationsTotal, ['status']), ({ label }) => label('status'))],
    colours: { confirmed: 'good', rejected: 'notice', failed: 'bad', cancelled: 'neutral' },
  }),
])

const room = row('How much room is left?', [
  timeseries({
    title: 'PostgreSQL connections in use',
    description:
      'Share of the connections for applications that are taken. At the line an alert fires; at 100% nobody new gets in.',
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(
        div(sum(instant(activityCount.where({ backend_type: 'client backend' })), target), usableConnections()),
        ({ label }) => label('instance'),
      ),
    ],
    limits: [{ from: boundary(postgresConnectionsNearLimit), is: 'bad' }],
  }),
  timeseries({
    title: 'Redis memory in use',
    description:
      'Share of maxmemory that is used, without the buffers that do not count. At the line an alert fires; at 100% keys are evicted or writes refused.',
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(memoryShare(), ({ label }) => label('instance'), {
        emptyWhen: 'No Redis has a maxmemory',
      }),
    ],
    limits: [{ from: boundary(redisMemoryNearLimit), is: 'bad' }],
  }),
])

export const overview = dashboard({
  uid: uids.overview,
  title: 'Overview',
  description: 'Is everything well, and if not, where to look next. The page to open first.',
  rows: [state, open, promises, traffic, room],
})
