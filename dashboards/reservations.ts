import { sla } from '../config/sla.ts'
import { coversAhead } from '../exporters/reservations/covers.ts'
import { reservationsTotal } from '../exporters/service/reservations.ts'
import { matches } from '../metrics/metric.ts'
import { complement, increase, instant, max, rate, sum, type Window } from '../metrics/promql.ts'
import { defined, share } from '../metrics/share.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { perMinute } from './per-minute.ts'
import { enoughGood, reachOf, tooManyBad } from './promise-steps.ts'
import { series } from './query.ts'
import { book, days, payments } from './reservations-book.ts'
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
    queries: [series(perMinute(reservationsTotal.where(attempted)), '')],
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
      series(perMinute(reservationsTotal.where({ instance: api.selected }), ['status']), ({ label }) =>
        label('status'),
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
    reaches: [0, reachOf(promise)],
    colours: { failed: 'bad' },
  }),
])

export const reservations = dashboard({
  uid: uids.reservations,
  title: 'Reservations',
  description: 'Whether guests can book, how their attempts end, and what the book holds.',
  variables: [api, database],
  rows: [booking, attempts, days, ...payments, book],
})
