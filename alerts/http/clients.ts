import { httpRequestsTotal, unmatched } from '../../exporters/service/http/metrics.ts'
import { beyondLimit } from '../../exporters/service/instruments/series-store.ts'
import { matches, not } from '../../metrics/metric.ts'
import { and, type Duration, div, gt, gte, increase, lte, mul, sub, sum, unless } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { requestsWithin, route, routeRequestsWithin, service } from './requests.ts'

/** Every 4xx but those that refuse a client for who it is or how often it comes (401, 403, 429), and that of one that left (499). */
const wrong = matches('40[024-9]|4[13-8].|42[0-8]|49[0-8]')
const leastWrong = 20
/** Of a route that has any: the alert asks for many, and what was counted in ten minutes was in a day. */
const wrongShare = (window: Duration) => div(routeRequestsWithin(window, wrong), routeRequestsWithin(window))

export const httpClientErrorsSurging = alert({
  name: 'HttpClientErrorsSurging',
  threshold: {
    is: '30 %',
    least: '5 %',
    most: '95 %',
    source:
      'ours: so much more than over a day. A fixed 5 % (awesome-prometheus-alerts) fires for ever where refusing is the work of a route',
  },
  expr: (threshold) =>
    and(gt(sub(wrongShare('10m'), wrongShare('1d')), threshold), gte(routeRequestsWithin('10m', wrong), leastWrong)),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('method')} ${label('route')} of ${label('instance')} turns down ${value.percent} more of its requests (4xx) than over the last day`,
  action:
    'See which status it is. 400 or 422 after a release: API and front end no longer agree, undo the later one. 404: ids that are gone. ' +
    '409: tables that are taken; if guests book a full evening there is nothing to mend.',
  runbook: {
    meaning:
      'Of the requests of a route, so many more than over the last day were turned down as wrong (4xx but 401, 403, 429 and 499). It ' +
      'needs 20 of them in ten minutes; URLs without a route are left out, scanners ask for them all day.',
    impact: 'Guests cannot do what the route is for, and no promise is broken: a 4xx counts as answered.',
    diagnosis: [
      {
        look: 'Which statuses',
        shell:
          'promtool query instant http://localhost:9090 \'sort_desc(sum by (method, route, status_code) (increase(http_requests_total{status_code=~"4.."}[10m])))\'',
      },
      { look: 'Why, in the words of the service', shell: 'tail -n 200 logs/combined.log' },
    ],
    mitigation: [
      'Undo the release of API or front end that came before it.',
      'Take both forms for a while, if apps that cannot be recalled send the old one.',
    ],
  },
})

const refused = matches('401|403|429')
/** Times what it was a day ago. */
const surge = 5

/** The remainder beyond the limit is left out: what is in it changes. URLs without a route are not, they can be behind a login. */
const refusedWithin = (window: Duration, offset?: Duration) =>
  sum(
    increase(httpRequestsTotal.where({ status_code: refused, route: not(beyondLimit) }), window, {
      ...(offset && { offset }),
    }),
    route,
  )

export const httpRefusalsSurging = alert({
  name: 'HttpRefusalsSurging',
  threshold: {
    is: '100',
    least: '20',
    most: '100000',
    source: 'ours: guests who forgot their password make a few in ten minutes, a list of stolen ones makes thousands',
  },
  expr: (threshold) => {
    const many = gt(refusedWithin('10m'), threshold)
    const asYesterday = unless(many, lte(refusedWithin('10m'), mul(refusedWithin('10m', '1d'), surge)))
    // Without a day to compare with nobody knows what is usual.
    return and(asYesterday, requestsWithin('10m', '1d'), { on: service })
  },
  for: '2m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('method')} ${label('route')} of ${label('instance')} refused ${value.plain} requests in 10 minutes (401, 403 or 429): a login attack, or a key that expired`,
  action:
    'Look who asks (the log of the proxy has the addresses). Few addresses that try many accounts: block them at the proxy. Every client at once: a ' +
    'key, certificate or clock of ours is wrong, or a limit is too low.',
  runbook: {
    meaning:
      'A route refused far more requests for who sent them or how often (401, 403, 429) than at this time yesterday, and more than the ' +
      'threshold in ten minutes. A Prometheus younger than a day says nothing.',
    impact: 'Accounts may be taken over, one by one; or guests and partners are locked out by a fault of ours.',
    diagnosis: [
      {
        look: 'Which of the three, on which route',
        shell:
          'promtool query instant http://localhost:9090 \'sort_desc(sum by (method, route, status_code) (increase(http_requests_total{status_code=~"401|403|429"}[10m])))\'',
      },
      {
        look: 'Who asks most, where there is nginx',
        shell: "awk '$9 ~ /401|403|429/ {print $1}' /var/log/nginx/access.log | sort | uniq -c | sort -rn | head",
      },
    ],
    mitigation: [
      'Block the addresses at the proxy, and limit how often a login may be tried.',
      'Renew the key or secret that expired; compare the clocks (timedatectl).',
      'Have the passwords of accounts changed that were entered during the attack.',
    ],
  },
})

const leastUnmatched = 100
const unmatchedWithin = (window: Duration) =>
  sum(increase(httpRequestsTotal.where({ route: unmatched }), window), service)
/** As above: of a service that was asked for any. */
const unmatchedShare = (window: Duration) => div(unmatchedWithin(window), requestsWithin(window))

export const httpUnknownPathsSurging = alert({
  name: 'HttpUnknownPathsSurging',
  threshold: {
    is: '20 %',
    least: '5 %',
    most: '95 %',
    source:
      'ours: a scanner asks for hundreds of paths and is gone; a route that a release took away is asked for all day',
  },
  expr: (threshold) =>
    and(gt(sub(unmatchedShare('10m'), unmatchedShare('1d')), threshold), gte(unmatchedWithin('10m'), leastUnmatched)),
  for: '15m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} is asked for paths that it does not have: ${value.percent} more of its requests than over the last day`,
  action:
    'Look at the paths in the log. Paths of ours that a release took away or renamed: bring them back. Anything else is a scanner: ' +
    'block its addresses if it is in the way.',
  runbook: {
    meaning:
      'Of all requests so many more than over the last day had a URL that no route answers. It needs 100 of them in ten minutes, for a ' +
      'quarter of an hour.',
    impact:
      'An app that nobody can recall may call a route that is gone. A scanner costs little, and looks for a way in.',
    diagnosis: [
      {
        look: 'Which paths, where there is nginx',
        shell: "awk '$9 == 404 {print $7}' /var/log/nginx/access.log | sort | uniq -c | sort -rn | head -20",
      },
      {
        look: 'Which routes were called a day ago and are not now',
        shell:
          "promtool query instant http://localhost:9090 'sum by (method, route) (increase(http_requests_total[10m] offset 1d)) > 0 unless sum by (method, route) (increase(http_requests_total[10m])) > 0'",
      },
    ],
    mitigation: [
      'Bring back the route, or answer it with a redirect to the new one.',
      'Block the addresses of the scanner at the proxy.',
    ],
  },
})
