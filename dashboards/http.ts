import { percent } from '../alerts/burn-rate.ts'
import { sla } from '../config/sla.ts'
import {
  activeConnections,
  httpRequestDuration,
  httpRequestsInFlight,
  httpRequestsTotal,
} from '../exporters/service/http/metrics.ts'
import { matches } from '../metrics/metric.ts'
import { histogramQuantile, instant, labelReplace, rate, sum } from '../metrics/promql.ts'
import { defined } from '../metrics/share.ts'
import type { Step } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { chosen, failed, inTime, requests } from './http-shares.ts'
import { most } from './most.ts'
import { stat, timeseries } from './panel.ts'
import { enoughGood, reachOf, tooManyBad } from './promise-steps.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'
import { api, route } from './variables.ts'

const interval = '$__rate_interval'
const { seconds } = sla.httpLatency
const bound = `${seconds * 1000} ms`

/** From the promised time on a value is too long. */
const slow: readonly Step[] = [{ from: seconds, is: 'bad' }]

const nobodyAsked = { emptyWhen: 'No request was answered, or the API was not scraped' }

const now = row('Is the service answering as promised?', [
  stat({
    title: 'Requests',
    width: 3,
    description: 'Requests answered per second, of the chosen APIs and routes.',
    unit: 'requestsPerSecond',
    queries: [series(requests(interval), '')],
  }),
  stat({
    title: 'Failed',
    width: 3,
    description: 'Share of requests answered with a server error (5xx). Red from what the promise allows on average.',
    unit: 'share',
    decimals: 2,
    queries: [series(defined(failed(interval)), '', nobodyAsked)],
    steps: tooManyBad(sla.httpAvailability),
  }),
  stat({
    title: `Within ${bound}`,
    width: 4,
    description: `Share of requests answered within the promised time. ${percent(sla.httpLatency.target)} were promised.`,
    unit: 'share',
    decimals: 2,
    queries: [series(defined(inTime(interval)), '', nobodyAsked)],
    base: 'bad',
    steps: enoughGood(sla.httpLatency),
  }),
  stat({
    title: 'p95',
    width: 3,
    description: '95 % of requests are answered within this time. Read from the buckets of a histogram: an estimate.',
    unit: 'seconds',
    queries: [series(defined(histogramQuantile(0.95, httpRequestDuration.where(chosen), interval)), '', nobodyAsked)],
    steps: slow,
  }),
  stat({
    title: 'p99',
    width: 3,
    description: '99 % of requests are answered within this time. Read from the buckets of a histogram: an estimate.',
    unit: 'seconds',
    queries: [series(defined(histogramQuantile(0.99, httpRequestDuration.where(chosen), interval)), '', nobodyAsked)],
    steps: slow,
  }),
  stat({
    title: 'Under way',
    description: 'Requests that were accepted and are not answered yet. It rises when what they wait for hangs.',
    unit: 'count',
    queries: [series(sum(instant(httpRequestsInFlight.where({ instance: api.selected }))), '')],
    opens: { uid: uids.runtime },
  }),
  stat({
    title: 'Open connections',
    description: 'Sockets that clients hold open on the chosen APIs, idle ones included.',
    unit: 'count',
    queries: [series(sum(instant(activeConnections.where({ instance: api.selected }))), '')],
  }),
])

const statusClass = labelReplace(
  rate(httpRequestsTotal.where(chosen), interval),
  'class',
  // In braces, or the x after it would belong to its name.
  `\${1}xx`,
  'status_code',
  '(.)..',
)

const how = row('How many requests?', [
  timeseries({
    title: 'Requests by route',
    description:
      'Requests answered per second. `unmatched` is every address that no route answers: scanners, old links.',
    width: 8,
    unit: 'requestsPerSecond',
    min: 0,
    queries: [series(requests(interval, ['route']), ({ label }) => label('route'))],
    stack: true,
  }),
  timeseries({
    title: 'Requests by class of status',
    description: '2xx went well, 3xx lead elsewhere, 4xx are faults of the client (499: it left), 5xx are ours.',
    width: 8,
    unit: 'requestsPerSecond',
    min: 0,
    queries: [series(sum(statusClass, ['class']), ({ label }) => label('class'))],
    colours: { '2xx': 'good', '3xx': 'neutral', '4xx': 'notice', '5xx': 'bad' },
    stack: true,
  }),
  timeseries({
    title: 'Under way, and open connections',
    description:
      'Requests that are not answered yet, and sockets that clients hold open. Requests that pile up wait for something: the database, Redis, the event loop.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(sum(instant(httpRequestsInFlight.where({ instance: api.selected }))), 'under way'),
      series(sum(instant(activeConnections.where({ instance: api.selected }))), 'connections'),
    ],
  }),
])

const errors = row('Which fail?', [
  timeseries({
    title: 'Failed requests by route',
    description: 'Share of the requests of a route answered with a server error. The line is what the promise allows.',
    unit: 'share',
    min: 0,
    queries: [series(failed(interval, ['route']), ({ label }) => label('route'))],
    limits: tooManyBad(sla.httpAvailability),
    reaches: [0, reachOf(sla.httpAvailability)],
  }),
  timeseries({
    title: 'Answers other than 2xx and 3xx',
    description:
      'Requests per second that ended in a fault of the client (4xx) or of ours (5xx), by route and status: the twenty most frequent in the shown range.',
    unit: 'requestsPerSecond',
    min: 0,
    queries: [
      series(
        most(
          20,
          sum(rate(httpRequestsTotal.where({ ...chosen, status_code: matches('[45]..') }), interval), [
            'route',
            'status_code',
          ]),
        ),
        ({ label }) => `${label('status_code')} ${label('route')}`,
        { emptyWhen: 'Every request was answered with 2xx or 3xx, or none was counted' },
      ),
    ],
  }),
])

const duration = row('How long do they take?', [
  timeseries({
    title: 'Response time',
    description:
      'Half of all requests are answered within p50, 99 % within p99. The line is the promised time. A dot is one request: point at it for the id of its trace, to look for where traces are kept.',
    unit: 'seconds',
    min: 0,
    queries: [0.5, 0.95, 0.99].map((q) =>
      series(histogramQuantile(q, httpRequestDuration.where(chosen), interval), `p${q * 100}`, {
        exemplars: q === 0.99,
      }),
    ),
    limits: slow,
  }),
  timeseries({
    title: 'p95 by route',
    description: '95 % of the requests of a route are answered within this time. The line is the promised time.',
    finest: '1m',
    unit: 'seconds',
    min: 0,
    queries: [
      series(histogramQuantile(0.95, httpRequestDuration.where(chosen), interval, ['route']), ({ label }) =>
        label('route'),
      ),
    ],
    limits: slow,
  }),
])

const each = ['method', 'route'] as const

const quantile = (q: number) => histogramQuantile(q, httpRequestDuration.where(chosen), '$__range', each)

const routes = row('Which route is it?', [
  table({
    title: 'Routes',
    description:
      'Every route over the shown range, the slowest first. A click on one shows only its requests, on the whole dashboard.',
    height: 9,
    rows: {
      route: { title: 'Route', width: 320, opens: { uid: uids.http, choose: { route } } },
      method: { title: 'Method', width: 100 },
    },
    columns: [
      { title: 'Requests', expr: requests('$__range', each), unit: 'requestsPerSecond', decimals: 2 },
      {
        title: 'Failed',
        expr: defined(failed('$__range', each)),
        unit: 'share',
        decimals: 2,
        steps: tooManyBad(sla.httpAvailability),
      },
      {
        title: 'p95',
        expr: defined(quantile(0.95)),
        unit: 'seconds',
        steps: slow,
      },
      {
        title: 'p99',
        expr: defined(quantile(0.99)),
        unit: 'seconds',
        steps: slow,
      },
    ],
    sortBy: 'p95',
  }),
])

export const http = dashboard({
  uid: uids.http,
  title: 'HTTP',
  description: 'Requests, errors and durations of the API, all together and by route.',
  variables: [api, route],
  rows: [now, how, errors, duration, routes],
})
