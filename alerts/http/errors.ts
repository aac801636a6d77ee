import { httpRequestsAborted, httpRequestsTotal } from '../../exporters/service/http/metrics.ts'
import { matches } from '../../metrics/metric.ts'
import { and, type Duration, div, gt, gte, increase, sub, sum, unless } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { ownRoutes, requestsWithin, route, routeRequestsWithin, service } from './requests.ts'

const serverErrors = matches('5..')
/** As few as the promises ask for before they tell anybody (`leastBadEvents` in `config/sla.ts`). */
const leastErrors = 10

export const httpRouteFailing = alert({
  name: 'HttpRouteFailing',
  threshold: {
    is: '20 %',
    least: '1 %',
    most: '100 %',
    source:
      'ours: every fifth request of a route. Proxies warn at 5 % of all (awesome-prometheus-alerts), of one route that is 2 errors',
  },
  expr: (threshold) => {
    const errors = routeRequestsWithin('10m', serverErrors)
    const failing = and(gte(div(errors, routeRequestsWithin('10m')), threshold), gte(errors, leastErrors))
    const ofAll = sum(increase(httpRequestsTotal.where({ status_code: serverErrors }), '10m'), service)
    // Where as many of all fail, the promise of availability is told to be broken within minutes.
    return unless(failing, gte(div(ofAll, requestsWithin('10m')), threshold), { on: service })
  },
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('method')} ${label('route')} of ${label('instance')} fails: ${value.percent} of its requests end in a server error`,
  action:
    'Read the errors of this route (tail -n 100 logs/error.log, or Sentry): they name what fails. Undo the release if it is the code; ' +
    'if it is a dependency, its own alert leads.',
  runbook: {
    meaning:
      'Over ten minutes at least a fifth of the requests of one route, and ten of them, ended in a 5xx, while most of the others were ' +
      'answered: a route that few call can fail wholly, and the promise about all requests is still kept.',
    impact: 'What the route does cannot be done at all. On a route that pays or cancels, guests and restaurants call.',
    diagnosis: [
      {
        look: 'Which statuses, of which routes',
        shell:
          'promtool query instant http://localhost:9090 \'sort_desc(sum by (method, route, status_code) (increase(http_requests_total{status_code=~"5.."}[10m])))\'',
      },
      { look: 'What the service says of it', shell: 'tail -n 100 logs/error.log' },
      { look: 'Its dependencies', shell: 'curl -s http://localhost:3000/health/detailed' },
    ],
    mitigation: [
      'Undo the release, or switch off the feature behind the route.',
      'A 500 of a request that was cut off has no status of its own: look for what destroyed the response (a timeout, a stream).',
    ],
  },
})

const leastAborted = 20
const aborted = (window: Duration) => sum(increase(httpRequestsAborted.where({ route: ownRoutes }), window), route)
const abortedShare = (window: Duration) => div(aborted(window), routeRequestsWithin(window))

export const httpRequestsAbandoned = alert({
  name: 'HttpRequestsAbandoned',
  threshold: {
    is: '15 %',
    least: '2 %',
    most: '90 %',
    source: 'ours: so much more than over a day; phones that lose their network leave a few percent',
  },
  expr: (threshold) =>
    and(gt(sub(abortedShare('10m'), abortedShare('1d')), threshold), gte(aborted('10m'), leastAborted)),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Clients give up on ${label('method')} ${label('route')} of ${label('instance')}: ${value.percent} more of them than over the last day`,
  action:
    'Look whether the route is slow (dashboard HTTP): clients leave when their own timeout is over. If it is fast, something between ' +
    'cuts connections: a proxy whose timeout is shorter, a network that fails.',
  runbook: {
    meaning:
      'Of the requests of a route, so many more than over the last day ended because their client closed the connection before the ' +
      'answer was complete (status 499). It needs 20 of them in ten minutes.',
    impact:
      'Guests see an error or nothing. A booking may have been made that they do not know of, and they make it again.',
    diagnosis: [
      {
        look: 'How long the abandoned ones had taken',
        shell:
          'promtool query instant http://localhost:9090 \'histogram_quantile(0.5, sum by (route, le) (rate(http_request_duration_seconds_bucket{status_code="499"}[10m])))\'',
      },
      { look: 'Timeouts of the proxy, where there is nginx', shell: 'grep -rn timeout /etc/nginx/' },
    ],
    mitigation: [
      'Make the route fast again: HttpRouteSlow and the alerts of the database lead.',
      'Bring the timeouts of client, proxy and service into this order: the service ends first, the client last.',
      'Look for double bookings of the time, and tell support of them.',
    ],
  },
})
