import { sla } from '../config/sla.ts'
import { httpRequestDuration, httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { matches } from '../metrics/metric.ts'
import { countAtMost, countOf, type Expr, rate, sum, type Window } from '../metrics/promql.ts'
import { share } from '../metrics/share.ts'
import { api, route } from './variables.ts'

/** The requests of the APIs and routes that are chosen in the head. */
export const chosen = { instance: api.selected, route: route.selected }

type By = 'route' | 'method'

/** Answered per second. */
export const requests = <const B extends By = never>(window: Window, by: readonly B[] = []): Expr<B> =>
  sum(rate(httpRequestsTotal.where(chosen), window), by)
const failures = <const B extends By = never>(window: Window, by: readonly B[] = []): Expr<B> =>
  sum(rate(httpRequestsTotal.where({ ...chosen, status_code: matches('5..') }), window), by)
/** Share of them that a server error answered. */
export const failed = <const B extends By = never>(window: Window, by: readonly B[] = []) =>
  share<B>(failures(window, by), requests(window, by))
/** Share of them that were answered within the promised time. */
export const inTime = <const B extends By = never>(window: Window, by: readonly B[] = []): Expr<B> =>
  share<B>(
    sum(rate(countAtMost(httpRequestDuration.where(chosen), sla.httpLatency.seconds), window), by),
    sum(rate(countOf(httpRequestDuration.where(chosen)), window), by),
  )
