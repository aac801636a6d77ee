import { httpRequestsTotal, unmatched } from '../../exporters/service/http/metrics.ts'
import { beyondLimit } from '../../exporters/service/instruments/series-store.ts'
import { type Matcher, notMatches } from '../../metrics/metric.ts'
import { type Duration, type Expr, increase, sum } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'

/** One service, as it is scraped. */
export const service = target
/** One route of it, by one method: a route may be read and written. */
export const route = [...service, 'method', 'route'] as const

/** Routes that stand for themselves: not the remainder beyond the limit, whose content changes, nor the URLs without a route. */
export const ownRoutes = notMatches(`${unmatched}|${beyondLimit}`)

type Service = (typeof service)[number]

/** Requests that were over within the window, of a service. */
export const requestsWithin = (window: Duration, offset?: Duration): Expr<Service> =>
  sum(increase(httpRequestsTotal, window, { ...(offset && { offset }) }), service)

/** The same of each route, and only with these statuses where some are named. */
export const routeRequestsWithin = (window: Duration, status?: Matcher): Expr<(typeof route)[number]> =>
  sum(increase(httpRequestsTotal.where({ route: ownRoutes, ...(status && { status_code: status }) }), window), route)
