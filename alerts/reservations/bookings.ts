import { reservationsCancelled, reservationsCreated } from '../../exporters/reservations/bookings.ts'
import { reservationsFunnel } from '../../exporters/reservations/funnel.ts'
import { reservationsTotal } from '../../exporters/service/reservations.ts'
import { matches } from '../../metrics/metric.ts'
import {
  and,
  type Duration,
  div,
  eq,
  gt,
  gte,
  increase,
  lt,
  maxOverTime,
  mul,
  or,
  sub,
  sum,
  unless,
} from '../../metrics/promql.ts'
import { target as database } from '../../metrics/target.ts'
import { alert } from '../alert.ts'
import { requestsWithin, service } from '../http/requests.ts'

const attempted = matches('confirmed|rejected|failed')
const attemptsWithin = (window: Duration, offset?: Duration) =>
  sum(increase(reservationsTotal.where({ status: attempted }), window, { ...(offset && { offset }) }), service)

/** Of so many or fewer in the same half hour a week ago it may be none today. */
const leastThen = 3
/** Fewer requests in half an hour are no visitors; that they are gone, HttpTrafficGone tells. */
const leastRequests = 60

export const reservationsStopped = alert({
  name: 'ReservationsStopped',
  threshold: {
    is: '30',
    least: '10',
    most: '100000',
    source: 'ours: of 30 an hour 15 come in half of one, and that none does by chance happens once in 3 million times',
  },
  expr: (threshold) => {
    const usual = or(gt(attemptsWithin('1h', '30m'), threshold), gt(attemptsWithin('1h', '7d'), threshold))
    const none = unless(usual, gt(attemptsWithin('30m'), 0))
    const visited = gt(requestsWithin('30m'), leastRequests)
    return and(unless(none, lt(attemptsWithin('30m', '7d'), leastThen)), visited)
  },
  shows: { expr: eq(attemptsWithin('30m'), 0) },
  for: '2m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Guests visit ${label('instance')} and nobody tries to book any more: in an hour before, or at this time last week, ${value.plain} did`,
  action:
    'Book a table yourself on the public page, with the console of the browser open: the form, its script or the route that it calls ' +
    'is broken. Undo the last release of the front end, or of the API if it refuses before it counts.',
  runbook: {
    meaning:
      'For half an hour no reservation was attempted, neither confirmed nor rejected nor failed, though the API answers requests and ' +
      'people did book in the hour before or at this time last week. Half hours that were as quiet a week ago are left out.',
    impact:
      'Guests look at tables and cannot book one. Restaurants lose their evening, and no error is counted anywhere.',
    diagnosis: [
      {
        look: 'Which routes are still called, and how they answer',
        shell:
          "promtool query instant http://localhost:9090 'sort_desc(sum by (method, route, status_code) (increase(http_requests_total[30m])))'",
      },
      {
        look: 'When the last reservation came in',
        sql: 'select max(created_at), now() - max(created_at) as ago from public.reservations;',
      },
      { look: 'How attempts ended', shell: 'curl -s http://localhost:9465/metrics | grep ^reservations_total' },
    ],
    mitigation: [
      'Undo the last release of the front end or of the API.',
      'If the requests are turned down (4xx), bring both to the same form again: HttpClientErrorsSurging names the route.',
      'Tell support, so that restaurants take bookings by phone meanwhile.',
    ],
  },
})

const leastRejected = 20
const rejectedWithin = (window: Duration) =>
  sum(increase(reservationsTotal.where({ status: 'rejected' }), window), service)
const rejectedShare = (window: Duration) => div(rejectedWithin(window), attemptsWithin(window))

export const reservationsRejected = alert({
  name: 'ReservationsRejected',
  threshold: {
    is: '30 %',
    least: '5 %',
    most: '95 %',
    source: 'ours: so much more than over a week. A full evening rejects many, but not a third more of all for an hour',
  },
  expr: (threshold) =>
    and(gt(sub(rejectedShare('1h'), rejectedShare('7d')), threshold), gte(rejectedWithin('1h'), leastRejected)),
  for: '15m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} rejects ${value.percent} more of the attempts to book than over the last week`,
  action:
    'See for which days and parties it rejects (log of the service). One restaurant or evening: it is full, or somebody closed it by ' +
    'mistake; ask support to call it. Everywhere: a rule of the service is wrong, undo its last release.',
  runbook: {
    meaning:
      'Of the attempts to book within an hour, so many more than over a week ended in a clear refusal: no table is free, the wish is ' +
      'invalid. It needs 20 of them. No promise is broken by it: a refusal counts as an answer.',
    impact:
      'Guests are sent away, rightly or not. If not, restaurants stay empty and believe that nobody wanted to come.',
    diagnosis: [
      {
        look: 'How full the coming days are',
        sql: "select date::date as day, count(*) filter (where status = 'CONFIRMED') as confirmed, count(*) filter (where status = 'PENDING') as pending from public.reservations where date >= current_date and date < current_date + 14 group by 1 order by 1;",
      },
      {
        look: 'How attempts ended',
        shell: "promtool query instant http://localhost:9090 'sum by (status) (increase(reservations_total[1h]))'",
      },
    ],
    mitigation: [
      'Give back tables that are held and not paid for: PENDING ones hold theirs.',
      'Undo the release that changed what is refused.',
      'Where the house is full, offer other hours or other restaurants.',
    ],
  },
})

/** Times as many for each new reservation as over the day, its last hour included. */
const surge = 3
/** A scrape that failed hides them no longer than some minutes. */
const within = (metric: typeof reservationsCancelled, period: '1h' | '24h') =>
  sum(maxOverTime(metric.where({ period }), '3m'), database)

export const cancellationsSurging = alert({
  name: 'CancellationsSurging',
  threshold: {
    is: '20',
    least: '5',
    most: '100000',
    source: 'ours: within an hour. One party of two tables cancels a few; twenty have a reason in common',
  },
  expr: (threshold) => {
    const forEachMade = (period: '1h' | '24h') =>
      div(within(reservationsCancelled, period), within(reservationsCreated, period))
    // For each new one, so that a busy hour, or the first of a service, is no surge.
    const more = gt(forEachMade('1h'), mul(forEachMade('24h'), surge))
    return and(gt(within(reservationsCancelled, '1h'), threshold), more)
  },
  for: '5m',
  severity: 'medium',
  owner: 'support',
  summary: ({ label, value }) =>
    `${value.plain} reservations in ${label('instance')} were cancelled within an hour, many more than usual`,
  action:
    'See which restaurants they are of, and call those: a kitchen that closed, a strike or the weather explains it, and guests want to ' +
    'be moved. If it is all of them, ask reservations whether a job or a mail cancels by mistake.',
  runbook: {
    meaning:
      'The database has more cancellations of the last hour than the threshold, and for each new reservation three times as many as over ' +
      'the day.',
    impact: 'Tables that were sold stand empty tonight, and can be sold again if somebody acts at once.',
    diagnosis: [
      {
        look: 'For which days, and how long ago they were booked',
        sql: "select date::date as day, count(*), min(cancelled_at), max(cancelled_at) from public.reservations where cancelled_at > now() - interval '1 hour' group by 1 order by 2 desc;",
      },
      {
        look: 'Through the service, or past it',
        shell: 'promtool query instant http://localhost:9090 \'increase(reservations_total{status="cancelled"}[1h])\'',
      },
    ],
    mitigation: [
      'Offer the tables that are free again to guests who were rejected.',
      'Far fewer in reservations_total than in the database: something writes past the service. Stop that job.',
    ],
  },
})

const leastMade = 20
const made = (status?: string) =>
  sum(maxOverTime(reservationsFunnel.where({ period: '24h', ...(status !== undefined && { status }) }), '5m'), database)

export const reservationsUnanswered = alert({
  name: 'ReservationsUnanswered',
  threshold: {
    is: '50 %',
    least: '5 %',
    most: '95 %',
    source:
      'ours: more are paid for or confirmed within a day than not. Where houses confirm by themselves, 10 % is much',
  },
  expr: (threshold) => and(gt(div(made('PENDING'), made()), threshold), gte(made(), leastMade)),
  for: '30m',
  severity: 'medium',
  owner: 'support',
  summary: ({ label, value }) =>
    `${value.percent} of the reservations that were made in a day in ${label('instance')} still wait for an answer`,
  action:
    'See whether they wait for a payment or for their restaurant. Call restaurants that do not answer, or confirm for them as agreed. If ' +
    'guests paid and were not confirmed, ask reservations for what confirms them.',
  runbook: {
    meaning: 'Of the reservations made within the last 24 hours, 20 at least, this share is still PENDING.',
    impact:
      'Guests do not know whether they have a table, and book another one elsewhere. Each holds a table meanwhile.',
    diagnosis: [
      {
        look: 'How old those are that wait',
        sql: "select date_trunc('hour', created_at) as made, count(*) from public.reservations where status = 'PENDING' and created_at > now() - interval '24 hours' group by 1 order by 1;",
      },
      {
        look: 'Whether they were paid for',
        sql: "select p.status, count(*) from public.reservations r left join public.payments p on p.reservation_id = r.id where r.status = 'PENDING' and r.created_at > now() - interval '24 hours' group by 1;",
      },
    ],
    mitigation: [
      'Confirm or refuse those whose day is near first.',
      'Have the service confirm by itself where the restaurant agrees.',
    ],
  },
})
