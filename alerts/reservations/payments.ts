import { reservationsCreated } from '../../exporters/reservations/bookings.ts'
import { paymentsFailing, reservationPayments } from '../../exporters/reservations/payments.ts'
import { and, div, eq, gt, gte, maxOverTime, minOverTime, mul, sub, sum } from '../../metrics/promql.ts'
import { target as database } from '../../metrics/target.ts'
import { alert } from '../alert.ts'

type Period = '1h' | '24h'

/** Attempts to pay, of one outcome where one is named. A scrape that failed hides them no longer than some minutes. */
const paid = (period: Period, outcome?: string) =>
  sum(maxOverTime(reservationPayments.where({ period, ...(outcome !== undefined && { outcome }) }), '3m'), database)
const made = (period: Period) => sum(maxOverTime(reservationsCreated.where({ period }), '3m'), database)

const attempts = [
  {
    look: 'How attempts ended, hour by hour',
    sql: "select date_trunc('hour', created_at) as hour, status, count(*) from public.payments where created_at > now() - interval '24 hours' group by 1, 2 order by 1, 2;",
  },
  { look: 'What the service says of them', shell: 'grep -iE "payment|charge|stripe" logs/error.log | tail -n 30' },
] as const

const leastFailed = 5

export const paymentsFailingOften = alert({
  name: 'PaymentsFailing',
  threshold: {
    is: '10 %',
    least: '1 %',
    most: '90 %',
    source: 'ours: a refused card is not among them, so that one in ten is a fault of ours or of the provider',
  },
  expr: (threshold) =>
    and(gte(div(paid('1h', 'failed'), paid('1h')), threshold), gte(paid('1h', 'failed'), leastFailed)),
  for: '2m',
  keepFiringFor: '10m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.percent} of the attempts to pay within an hour failed in ${label('instance')}, by an error of ours or of the provider`,
  action:
    "Open the provider's status page, and look at what it answers in the log: 401 is our secret key, 429 too many requests, 5xx or a " +
    'timeout the provider. Tell support before guests call.',
  runbook: {
    meaning:
      'Of the attempts to pay that the database has of the last hour, this share failed; five of them at least. Refused cards are not among them.',
    impact: 'Guests cannot pay and do not get their table. Some try again and may be charged twice.',
    diagnosis: [
      ...attempts,
      { look: 'Whether the provider is reached', shell: 'curl -s http://localhost:3000/health/detailed' },
    ],
    mitigation: [
      'Renew the key, or undo the release that changed how paying works.',
      'While the provider is down, take reservations without a deposit, if the restaurants agree.',
      'Compare charges with payments afterwards, and give back what was charged twice.',
    ],
  },
})

const leastDeclined = 20

export const paymentsDeclined = alert({
  name: 'PaymentsDeclined',
  threshold: {
    is: '25 %',
    least: '5 %',
    most: '90 %',
    source:
      'ours: so much more than over the day. Banks refuse a steady share; what surges is a test of stolen cards, or a rule',
  },
  expr: (threshold) => {
    const share = (period: Period) => div(paid(period, 'declined'), paid(period))
    return and(gt(sub(share('1h'), share('24h')), threshold), gte(paid('1h', 'declined'), leastDeclined))
  },
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Cards are refused in ${label('instance')}: ${value.percent} more of the attempts to pay within an hour than over the day`,
  action:
    'Look whether they are many small amounts of few guests: somebody tries stolen cards, limit attempts and block the addresses. ' +
    'Otherwise a rule of the provider (3-D Secure, a country) refuses honest ones: its dashboard says which.',
  runbook: {
    meaning:
      'Of the attempts to pay within the last hour so many more than over 24 hours were declined by the bank or the provider; 20 of them ' +
      'at least.',
    impact: 'Honest guests cannot pay, or the provider closes our account for fraud that it sees through us.',
    diagnosis: [
      ...attempts,
      {
        look: 'Whether few reservations are tried often',
        sql: "select reservation_id, count(*), min(amount_cents), max(amount_cents) from public.payments where status = 'declined' and created_at > now() - interval '1 hour' group by 1 order by 2 desc limit 10;",
      },
    ],
    mitigation: [
      'Allow three attempts for each reservation, and slow down addresses that make more.',
      "Undo the last change of the provider's rules.",
    ],
  },
})

export const paymentsStopped = alert({
  name: 'PaymentsStopped',
  threshold: {
    is: '10',
    least: '5',
    most: '100000',
    source: 'ours: where ten are expected, none comes by chance once in 22 thousand hours',
  },
  expr: (threshold) => {
    const expected = mul(made('1h'), div(paid('24h'), made('24h')))
    return and(gt(expected, threshold), eq(paid('1h'), 0))
  },
  shows: { expr: eq(paid('1h'), 0) },
  for: '5m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Guests book in ${label('instance')} and nobody has tried to pay for an hour: ${value.plain} would be usual`,
  action:
    'Book a table yourself and go as far as paying, with the console of the browser open: the form of the provider does not load, or ' +
    'our route for it is not called. Undo the last release of the front end.',
  runbook: {
    meaning:
      'The database has no attempt to pay of the last hour, of whatever outcome, though by the reservations made in it and the share ' +
      'that was paid for over the day there should be more than the threshold.',
    impact: 'Every reservation since stays unpaid: tables are held for guests who could not pay for them.',
    diagnosis: [
      ...attempts,
      {
        look: 'How the route of payments is called',
        shell:
          'promtool query instant http://localhost:9090 \'sum by (method, route, status_code) (increase(http_requests_total{route=~".*payment.*"}[1h]))\'',
      },
    ],
    mitigation: [
      'Undo the release of the front end, or the change of its keys, content security policy or domain.',
      'Have support send links to pay to those who booked meanwhile.',
    ],
  },
})

export const paymentsStuck = alert({
  name: 'PaymentsStuck',
  threshold: {
    is: '5',
    least: '0',
    most: '100000',
    source: 'ours: a provider tells within minutes how an attempt ended; one or two wait for their bank',
  },
  // Over an hour old: those of the last one may still end.
  expr: (threshold) =>
    gt(
      sub(
        minOverTime(reservationPayments.where({ period: '24h', outcome: 'other' }), '5m'),
        maxOverTime(reservationPayments.where({ period: '1h', outcome: 'other' }), '5m'),
        { on: database },
      ),
      threshold,
    ),
  for: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} payments in ${label('instance')} began over an hour ago and have neither succeeded nor failed`,
  action:
    'See which status they have: one that waits (pending, processing) means that the word of the provider does not get through: look at ' +
    'its webhooks. A new word belongs into payments.outcomes of config/reservations.ts.',
  runbook: {
    meaning:
      'Payments of the last day that are over an hour old and whose status is none that `config/reservations.ts` knows as an end: ' +
      'succeeded, declined or failed.',
    impact: 'Guests were charged and hold no confirmation, or believe to have paid and have not.',
    diagnosis: [
      {
        look: 'Which status, since when',
        sql: "select status, count(*), min(created_at), max(created_at) from public.payments where created_at between now() - interval '24 hours' and now() - interval '1 hour' group by 1 order by 2 desc;",
      },
      {
        look: 'Whether webhooks arrive',
        shell:
          'promtool query instant http://localhost:9090 \'sum by (route, status_code) (increase(http_requests_total{method="POST"}[1h]))\'',
      },
    ],
    mitigation: [
      'Renew the secret or the address of the webhook, and have the provider send again what failed.',
      "Ask the provider for the state of each, and write it down (the charge's id is in charge_id).",
    ],
  },
})

export const guestsUnableToPay = alert({
  name: 'GuestsUnableToPay',
  threshold: {
    is: '20',
    least: '1',
    most: '100000',
    source: 'ours: as many as support can call in a morning; set it to what yours does',
  },
  expr: (threshold) => gt(minOverTime(paymentsFailing, '5m'), threshold),
  for: '30m',
  severity: 'low',
  owner: 'support',
  summary: ({ label, value }) =>
    `${value.plain} reservations in ${label('instance')} have a last attempt to pay, within a day, that did not succeed`,
  action:
    'Write to these guests before their day comes: another card, another way to pay, or the table is given back. If most of them ' +
    'failed rather than were declined, PaymentsFailing leads and reservations mends it first.',
  runbook: {
    meaning:
      'Reservations whose latest attempt to pay, within the last 24 hours, was declined or failed, counted in the database.',
    impact: 'Guests who want to come may have given up; their tables stay held.',
    diagnosis: [
      {
        look: 'Which they are, those whose day is next first',
        sql: "select r.id, r.date, r.party_size, p.status, p.created_at from (select distinct on (reservation_id) reservation_id, status, created_at from public.payments where created_at > now() - interval '24 hours' order by reservation_id, created_at desc) p join public.reservations r on r.id = p.reservation_id where p.status <> 'succeeded' order by r.date limit 50;",
      },
    ],
    mitigation: [
      'Send each a link to pay, with a time until which the table is held.',
      'Give back the tables of those who do not answer.',
    ],
  },
})
