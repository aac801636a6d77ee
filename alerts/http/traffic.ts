import { httpRequestsInFlight, httpRequestsTotal } from '../../exporters/service/http/metrics.ts'
import { up } from '../../metrics/foreign.ts'
import { and, div, eq, gt, gte, lt, minOverTime, mul, or, rate, sum, unless } from '../../metrics/promql.ts'
import { orNone } from '../../metrics/share.ts'
import { alert } from '../alert.ts'
import { requestsWithin, service } from './requests.ts'

/** Of so many or fewer in the same ten minutes a week ago it may be none today: an hour at which the house is closed. */
const leastThen = 5

export const httpTrafficGone = alert({
  name: 'HttpTrafficGone',
  threshold: {
    is: '120',
    least: '60',
    most: '100000',
    source:
      'ours: of 120 an hour 20 come in ten minutes, and that none does by chance happens once in 480 million times',
  },
  expr: (threshold) => {
    const usual = or(gt(requestsWithin('1h', '10m'), threshold), gt(requestsWithin('1h', '7d'), threshold))
    // A process that was started anew has no series before its first request: that nothing came is no 0 then.
    const silent = unless(usual, gt(requestsWithin('10m'), 0))
    const asEveryWeek = lt(requestsWithin('10m', '7d'), leastThen)
    return and(unless(silent, asEveryWeek), eq(minOverTime(up, '10m'), 1))
  },
  shows: { expr: eq(requestsWithin('10m'), 0) },
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} runs and gets no request any more: in an hour before, or at this time last week, it got ${value.plain}`,
  action:
    'Ask for a page of the API from outside, by its public name (curl -sv https://NAME/api/tables): DNS, certificate, proxy or ' +
    'firewall keep guests away. Undo what was changed there last.',
  runbook: {
    meaning:
      'The service is scraped, and for ten minutes no request of a guest was over, though it had at least two a minute in the hour ' +
      'before or at this time a week ago. Health checks and scrapes are not counted. An hour that was as quiet a week ago is left out.',
    impact:
      'No guest reaches the API: nobody books, and no restaurant sees its book. Nothing else tells it, as nothing fails.',
    diagnosis: [
      {
        look: 'Whether it answers on its own host',
        shell: 'curl -s -o /dev/null -w "%{http_code}\\n" http://localhost:3000/health',
      },
      {
        look: 'When requests stopped, by service',
        shell:
          "promtool query instant http://localhost:9090 'sum by (instance) (increase(http_requests_total[10m] offset 20m))'",
      },
      { look: 'What holds the port', shell: 'ss -ltnp' },
      {
        look: 'Requests that hang, rather than none',
        shell: 'curl -s http://localhost:9465/metrics | grep http_requests_in_flight',
      },
    ],
    mitigation: [
      'Undo the last change of DNS, certificate, proxy, firewall or front end.',
      'If requests are in flight and none ends, restart the service (pm2 restart techplus-backend) and look for what they waited for.',
      'On a day on which the house is closed, silence it until it opens.',
    ],
  },
})

/** An hour with fewer a week ago says nothing about today. */
const leastAnHour = 300
/** Of yesterday at this time it must be less than this as well: last week may have been the odd one. */
const shareOfYesterday = 0.5

export const httpTrafficDropped = alert({
  name: 'HttpTrafficDropped',
  threshold: {
    is: '30 %',
    least: '1 %',
    most: '80 %',
    source: 'ours: the same hour of two weeks rarely differs by half, and a third leaves room for a rainy day',
  },
  expr: (threshold) => {
    const [now, lastWeek, yesterday] = [requestsWithin('1h'), requestsWithin('1h', '7d'), requestsWithin('1h', '1d')]
    const few = and(lt(div(now, lastWeek), threshold), gte(lastWeek, leastAnHour))
    const fewToday = and(few, lt(now, mul(yesterday, shareOfYesterday)))
    // Where none comes at all HttpTrafficGone tells it.
    return and(and(fewToday, gt(requestsWithin('10m'), 0)), eq(minOverTime(up, '1h'), 1))
  },
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} had ${value.percent} of the requests that it had in this hour a week ago, and less than half of yesterday's`,
  action:
    'Compare the routes with last week (dashboard HTTP, a week back): one that is gone points to the page or app that calls it, all ' +
    'alike to the way there: a region, a network, one of several proxies.',
  runbook: {
    meaning:
      'The requests of the last hour are far fewer than in the same hour a week ago, and fewer than half of those a day ago. It needs ' +
      '300 of them a week ago, so that a quiet night, and a Prometheus younger than a week, say nothing.',
    impact: 'Part of the guests do not reach the API, or a front end has stopped calling it. Bookings are lost unseen.',
    diagnosis: [
      {
        look: 'Which routes are called less than a week ago',
        shell:
          "promtool query instant http://localhost:9090 'sort(sum by (method, route) (increase(http_requests_total[1h])) / sum by (method, route) (increase(http_requests_total[1h] offset 7d)))'",
      },
      {
        look: 'Whether clients give up',
        shell: 'curl -s http://localhost:9465/metrics | grep http_requests_aborted_total',
      },
    ],
    mitigation: [
      'Undo the release of the front end or the change of the way there that came before it.',
      'If another instance took its share, the proxy balances unevenly: bring its weights back.',
      'On a holiday there is nothing to do: silence it for the day.',
    ],
  },
})

/** So few in hand are no queue, however slowly they are answered. */
const leastInFlight = 20

export const httpRequestsPilingUp = alert({
  name: 'HttpRequestsPilingUp',
  threshold: {
    is: '10 s',
    least: '1 s',
    most: '10 min',
    source:
      "ours, by Little's law: what is in hand divided by what is answered a second is how long the last one waits",
  },
  expr: (threshold) => {
    const inHand = minOverTime(httpRequestsInFlight, '5m')
    const answered = orNone(sum(rate(httpRequestsTotal, '5m'), service), inHand)
    return and(gt(div(inHand, answered), threshold), gt(inHand, leastInFlight))
  },
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} takes in requests faster than it answers them: those in hand take ${value.duration} at its present pace`,
  action:
    'Look at what they wait for: the pool of the database (client_pool_waiting_requests), a health check that is slow, or the event ' +
    'loop. That alert leads. Without one, a call to another service has no timeout.',
  runbook: {
    meaning:
      'For five minutes more than 20 requests were being answered at any time, and at the pace at which requests end they take longer ' +
      'than the threshold. Streams that stay open count as well: a service that keeps many needs a higher threshold.',
    impact: 'Guests wait, give up and try again, which adds requests. The memory of the process grows until it ends.',
    diagnosis: [
      {
        look: 'Requests in hand, pools and the loop',
        shell:
          "curl -s http://localhost:9465/metrics | grep -E '^(http_requests_in_flight|active_connections|client_pool_|nodejs_eventloop_lag_p99)'",
      },
      {
        look: 'What the database is asked',
        sql: "select state, wait_event_type, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2 order by 3 desc;",
      },
      {
        look: 'Statements and locks that take long',
        sql: "select pid, now() - query_start as takes, wait_event_type, left(query, 80) as query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() order by 2 desc nulls last limit 10;",
      },
    ],
    mitigation: [
      'End the statement that all wait for: select pg_cancel_backend(PID).',
      'Start more processes if CPU is what is short; restart the service if its requests hang for ever.',
      'Give every call to others a timeout shorter than the promise.',
    ],
  },
})
