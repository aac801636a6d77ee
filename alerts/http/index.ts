import type { RuleGroup } from '../alert.ts'
import { seldom, unhurried } from '../pace.ts'
import { httpClientErrorsSurging, httpRefusalsSurging, httpUnknownPathsSurging } from './clients.ts'
import { httpRequestsAbandoned, httpRouteFailing } from './errors.ts'
import { httpRouteSlow, routeP99 } from './latency.ts'
import { httpRequestsPilingUp, httpTrafficDropped, httpTrafficGone } from './traffic.ts'

export const httpGroups: readonly RuleGroup[] = [
  { name: 'http-traffic', interval: unhurried, rules: [httpTrafficGone, httpTrafficDropped, httpRequestsPilingUp] },
  { name: 'http-errors', interval: unhurried, rules: [httpRouteFailing] },
  { name: 'http-clients', interval: unhurried, rules: [httpRefusalsSurging] },
  {
    name: 'http-compared',
    interval: seldom,
    rules: [httpRequestsAbandoned, httpClientErrorsSurging, httpUnknownPathsSurging],
  },
  { name: 'http-latency-records', interval: unhurried, rules: [routeP99] },
  { name: 'http-latency', interval: unhurried, rules: [httpRouteSlow] },
]
