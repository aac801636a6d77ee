import type { RuleGroup } from '../alert.ts'
import { httpClientErrorsSurging, httpRefusalsSurging, httpUnknownPathsSurging } from './clients.ts'
import { httpRequestsAbandoned, httpRouteFailing } from './errors.ts'
import { httpRouteSlow, routeP99 } from './latency.ts'
import { httpRequestsPilingUp, httpTrafficDropped, httpTrafficGone } from './traffic.ts'

/** What looks back a day or a week, or at every route, is dear to compute. */
const unhurried = '1m'

export const httpGroups: readonly RuleGroup[] = [
  { name: 'http-traffic', interval: unhurried, rules: [httpTrafficGone, httpTrafficDropped, httpRequestsPilingUp] },
  { name: 'http-errors', interval: unhurried, rules: [httpRouteFailing, httpRequestsAbandoned] },
  {
    name: 'http-clients',
    interval: unhurried,
    rules: [httpClientErrorsSurging, httpRefusalsSurging, httpUnknownPathsSurging],
  },
  { name: 'http-latency-records', interval: unhurried, rules: [routeP99] },
  { name: 'http-latency', interval: unhurried, rules: [httpRouteSlow] },
]
