import { sla } from '../../config/sla.ts'
import { httpRequestDuration } from '../../exporters/service/http/metrics.ts'
import { recorded } from '../../metrics/metric.ts'
import {
  and,
  avgOverTime,
  countOf,
  gt,
  gte,
  histogramQuantile,
  increase,
  instant,
  mul,
  sum,
} from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { ownRoutes, route } from './requests.ts'

const durations = httpRequestDuration.where({ route: ownRoutes })
/** The slowest of fewer requests would be the 99th percentile. Without them there is none, and no NaN in its average. */
const leastRequests = 100

/** The 99th percentile of each route, recorded so that it can be compared with what it was. */
export const routeP99 = recorded({
  name: 'route:http_request_duration_seconds:p99_10m',
  expr: and(
    histogramQuantile(0.99, durations, '10m', route),
    gte(sum(increase(countOf(durations), '10m'), route), leastRequests),
  ),
})

/** A route that is faster than half of the promise may be many times slower than it was, and nobody notices. */
const leastSeconds = sla.httpLatency.seconds / 2

export const httpRouteSlow = alert({
  name: 'HttpRouteSlow',
  threshold: {
    is: '3',
    least: '1.5',
    most: '50',
    source: 'ours: the buckets of the histogram are 2 to 2.5 times apart, so that less may be one bucket further',
  },
  expr: (threshold) =>
    and(gt(instant(routeP99), mul(avgOverTime(routeP99, '1d'), threshold)), gt(instant(routeP99), leastSeconds)),
  for: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('method')} ${label('route')} of ${label('instance')} is many times slower than over the last day: of 100 requests the slowest takes ${value.duration}`,
  action:
    'Find what is new about this route: its last release, a statement whose plan changed (dashboard PostgreSQL statements, by mean ' +
    'time), a cache that is cold. An exemplar of the histogram leads to the trace of a slow request.',
  runbook: {
    meaning:
      'The 99th percentile of the route over ten minutes is several times its average over the last day, and more than half of what is ' +
      'promised for all requests. It needs 100 requests in ten minutes.',
    impact: 'Guests of this route wait. The promise for all routes together may hold all the same, as others are fast.',
    diagnosis: [
      {
        look: 'The slowest routes now',
        shell: "promtool query instant http://localhost:9090 'topk(5, route:http_request_duration_seconds:p99_10m)'",
      },
      {
        look: 'Statements by the time they took; compare with the day before on the dashboard',
        sql: 'select queryid, calls, round(mean_exec_time::numeric, 1) as mean_ms, left(query, 80) as query from pg_stat_statements order by total_exec_time desc limit 10;',
      },
      {
        look: 'When tables were analysed last',
        sql: 'select relname, n_live_tup, n_mod_since_analyze, greatest(last_analyze, last_autoanalyze) as analysed from pg_stat_user_tables order by n_mod_since_analyze desc limit 10;',
      },
    ],
    mitigation: [
      'Undo the release that made it slow.',
      'analyze the tables of a statement whose plan went wrong; add the index that it lacks (create index concurrently).',
      'Warm the cache, or wait: a cold one is over in minutes.',
    ],
  },
})
