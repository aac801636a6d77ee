import { sla } from '../config/sla.ts'
import { reservationsCancelled, reservationsCreated } from '../exporters/reservations/bookings.ts'
import { cleanupDue, tokensExpired } from '../exporters/reservations/cleanup.ts'
import { coversAhead } from '../exporters/reservations/covers.ts'
import { reservationRows } from '../exporters/reservations/statuses.ts'
import { reservationsTotal } from '../exporters/service/reservations.ts'
import { matches } from '../metrics/metric.ts'
import { complement, increase, instant, max, mul, rate, sum, type Window } from '../metrics/promql.ts'
import { defined, share } from '../metrics/share.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { enoughGood, reachOf, tooManyBad } from './promise-steps.ts'
import { series } from './query.ts'
import { uids } from './uids.ts'
import { api, database } from './variables.ts'

const attempted = { instance: api.selected, status: matches('confirmed|rejected|failed') }
const stored = { instance: database.selected }
const promise = sla.reservationSuccess

const failures = (window: Window) =>
  share(
    sum(rate(reservationsTotal.where({ instance: api.selected, status: 'failed' }), window)),
    sum(rate(reservationsTotal.where(attempted), window)),
  )

const expected = (period: string, name: string) => series(max(instant(coversAhead.where({ ...stored, period }))), name)

const booking = row('Can guests book?', [
  stat({
    title: 'Attempts',
    description: 'Attempts to book per minute, however they ended.',
    unit: 'perMinute',
    queries: [series(mul(sum(rate(reservationsTotal.where(attempted), '$__rate_interval')), 60), '')],
  }),
  stat({
    title: 'Ended well',
    description: `Share of attempts in the shown range that ended in a confirmation or a clear refusal. Promised: ${promise.promise}.`,
    unit: 'share',
    decimals: 2,
    queries: [
      series(defined(complement(failures('$__range'))), '', {
        emptyWhen: 'Nobody tried to book, or the API was not scraped',
      }),
    ],
    base: 'bad',
    steps: enoughGood(promise),
  }),
  stat({
    title: 'Lost to errors of ours',
    description: 'Attempts in the shown range that failed. Each is a guest who wanted a table and got an error.',
    unit: 'count',
    decimals: 0,
    queries: [
      series(sum(increase(reservationsTotal.where({ instance: api.selected, status: 'failed' }), '$__range')), ''),
    ],
    steps: [{ from: 1, is: 'bad' }],
  }),
  stat({
    title: 'Guests expected',
    description: 'Guests of confirmed reservations today, and in the 7 and 30 days that begin with it.',
    width: 12,
    unit: 'count',
    queries: [expected('today', 'today'), expected('7d', 'in 7 days'), expected('30d', 'in 30 days')],
  }),
])

const attempts = row('How do attempts end?', [
  timeseries({
    title: 'Attempts by outcome',
    description:
      'Per minute. `rejected` is a clear refusal (no table is free); `failed` is an error of ours; `cancelled` ends a reservation that was confirmed before.',
    unit: 'perMinute',
    min: 0,
    queries: [
      series(
        mul(sum(rate(reservationsTotal.where({ instance: api.selected }), '$__rate_interval'), ['status']), 60),
        ({ label }) => label('status'),
      ),
    ],
    colours: { confirmed: 'good', rejected: 'notice', failed: 'bad', cancelled: 'neutral' },
  }),
  timeseries({
    title: 'Failed attempts',
    description: 'Share of attempts that ended in an error of ours. The line is what the promise allows on average.',
    unit: 'share',
    min: 0,
    queries: [series(failures('$__rate_interval'), 'failed')],
    limits: tooManyBad(promise),
    reach: reachOf(promise),
    colours: { failed: 'bad' },
  }),
])

const lastDay = { ...stored, period: '24h' } as const
const ended = { ...stored, status: matches('COMPLETED|NO_SHOW') }

const book = row('What is in the book?', [
  timeseries({
    title: 'Reservations by status',
    description:
      'All reservations in the database, old ones included. PENDING that pile up wait for a payment or a restaurant.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(reservationRows.where(stored)), ['status']), ({ label }) => label('status'))],
    legend: 'table',
    colours: { CONFIRMED: 'good', CANCELLED: 'notice', NO_SHOW: 'bad', COMPLETED: 'neutral', PENDING: 'warning' },
  }),
  timeseries({
    title: 'Made and cancelled in the last 24 hours',
    description: 'As the database has them, whichever way they came in.',
    unit: 'count',
    min: 0,
    queries: [
      series(max(instant(reservationsCreated.where(lastDay))), 'made'),
      series(max(instant(reservationsCancelled.where(lastDay))), 'cancelled'),
    ],
    colours: { made: 'good', cancelled: 'notice' },
  }),
  stat({
    title: 'No-shows',
    description: 'Share of the reservations whose day has passed that nobody came for.',
    width: 6,
    unit: 'share',
    decimals: 1,
    queries: [
      series(
        share(
          sum(instant(reservationRows.where({ ...stored, status: 'NO_SHOW' }))),
          sum(instant(reservationRows.where(ended))),
        ),
        '',
      ),
    ],
  }),
  stat({
    title: 'Expired tokens still stored',
    description: 'Management tokens past their end. The cleanup clears them and keeps the reservation.',
    width: 6,
    unit: 'count',
    queries: [series(max(instant(tokensExpired.where(stored))), '')],
  }),
  stat({
    title: 'Left for the next cleanup',
    description: 'Rows that the next cleanup changes, by reason. They grow when it does not run.',
    width: 12,
    unit: 'count',
    queries: [series(max(instant(cleanupDue.where(stored)), ['reason']), ({ label }) => label('reason'))],
  }),
])

export const reservations = dashboard({
  uid: uids.reservations,
  title: 'Reservations',
  description: 'Whether guests can book, how their attempts end, and what the book holds.',
  variables: [api, database],
  rows: [booking, attempts, book],
})
