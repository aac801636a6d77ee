import { promiseGroups } from '../../alerts/promises.ts'
import { sla } from '../../config/sla.ts'
import { httpRequestsTotal } from '../../exporters/service/http/metrics.ts'
import { probeSuccess } from '../../metrics/foreign.ts'
import { type Files, filesOf } from './files.ts'
import { rising, series } from './series.ts'

/** Promises as somebody may write them who answers for each route, and for each target. */
const promises = {
  ...sla,
  httpAvailability: { ...sla.httpAvailability, each: 'route' },
  apiReachable: { ...sla.apiReachable, each: 'instance' },
} as const

const perMinute = 10_000
/** Of a thousand requests one, on a route that fails for good: the service as a whole keeps its promise. */
const rare = perMinute / 1000
const minutes = 90

const groups = promiseGroups(promises).filter(({ name }) => /-by-(?:route|instance)-|slo-http-availability-/.test(name))

const firing = (name: string) =>
  `count by (alertname, route, instance) (ALERTS{alertname=~"${name}",alertstate="firing",slo_window="1h"})`

/** A route, and a target, that break a promise for themselves alone are told by name, and nobody else is. */
export const keptApart: Files = filesOf(groups, '1m', [
  {
    name: 'a route and a target that break a promise for themselves',
    input_series: [
      series(httpRequestsTotal, 'api', rising([[perMinute, minutes]]), {
        method: 'GET',
        route: '/api/tables',
        status_code: '200',
      }),
      series(httpRequestsTotal, 'api', rising([[rare / 2, minutes]]), {
        method: 'POST',
        route: '/api/vouchers',
        status_code: '500',
      }),
      series(httpRequestsTotal, 'api', rising([[rare / 2, minutes]]), {
        method: 'POST',
        route: '/api/vouchers',
        status_code: '200',
      }),
      series(probeSuccess, 'probe', `1x30 0x${minutes - 30}`),
      { series: 'probe_success{job="probe",instance="another"}', values: `1x${minutes}` },
    ],
    promql_expr_test: [
      {
        eval_time: `${minutes}m`,
        expr: firing('HttpAvailability.*BudgetBurn'),
        exp_samples: [{ labels: '{alertname="HttpAvailabilityByRouteBudgetBurn",route="/api/vouchers"}', value: 1 }],
      },
      {
        eval_time: `${minutes}m`,
        expr: firing('ApiReachableByInstanceBudgetBurn'),
        exp_samples: [{ labels: '{alertname="ApiReachableByInstanceBudgetBurn",instance="api"}', value: 1 }],
      },
    ],
  },
])
