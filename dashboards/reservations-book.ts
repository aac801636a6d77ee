import { reservationTable } from '../config/reservations.ts'
import { reservationsCancelled, reservationsCreated } from '../exporters/reservations/bookings.ts'
import { cleanupDue, tokensActive, tokensExpired, tokensExpiring } from '../exporters/reservations/cleanup.ts'
import { coversByDay, daysShown } from '../exporters/reservations/covers.ts'
import { reservationsFunnel } from '../exporters/reservations/funnel.ts'
import { reservationsLeadTime } from '../exporters/reservations/lead-time.ts'
import { paymentsFailing, reservationPayments } from '../exporters/reservations/payments.ts'
import { reservationsPast } from '../exporters/reservations/sittings.ts'
import { overdue, reservationRows } from '../exporters/reservations/statuses.ts'
import { matches } from '../metrics/metric.ts'
import { instant, max, sum } from '../metrics/promql.ts'
import { defined, share } from '../metrics/share.ts'
import { row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { database } from './variables.ts'

const stored = { instance: database.selected }
const lastDay = { ...stored, period: '24h' } as const
const lastMonth = { ...stored, period: '30d' } as const
const statusColours = {
  CONFIRMED: 'good',
  CANCELLED: 'notice',
  NO_SHOW: 'bad',
  COMPLETED: 'neutral',
  PENDING: 'warning',
} as const

export const book = row('What is in the book?', [
  timeseries({
    title: 'Reservations by status',
    description:
      'All reservations in the database, old ones included. PENDING that pile up wait for a payment or a restaurant.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(reservationRows.where(stored)), ['status']), ({ label }) => label('status'))],
    legend: 'table',
    colours: statusColours,
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
  ...(reservationTable.statuses.noShow.length > 0
    ? [
        stat({
          title: 'No-shows',
          description:
            'Share of the reservations of the 30 days before today that nobody came for. Cancelled ones are left out.',
          width: 6,
          unit: 'share',
          decimals: 1,
          queries: [
            series(
              defined(
                share(
                  sum(instant(reservationsPast.where({ ...lastMonth, status: 'NO_SHOW' }))),
                  sum(instant(reservationsPast.where({ ...lastMonth, status: matches('COMPLETED|NO_SHOW') }))),
                ),
              ),
              '',
              { emptyWhen: 'Nobody was expected in the 30 days before today' },
            ),
          ],
        }),
      ]
    : []),
  stat({
    title: 'Never closed',
    description:
      'Reservations whose day has passed and that are still pending or confirmed. Nobody said whether the guests came: the share of no-shows leaves them out.',
    width: 6,
    unit: 'count',
    queries: [series(sum(instant(overdue.where(stored))), '')],
  }),
  stat({
    title: 'Left for the next cleanup',
    description: 'Rows that the next cleanup changes, by reason. They grow when it does not run.',
    width: 12,
    unit: 'count',
    queries: [series(max(instant(cleanupDue.where(stored)), ['reason']), ({ label }) => label('reason'))],
  }),
  ...(reservationTable.tokens
    ? [
        stat({
          title: 'Management tokens',
          description:
            'Those that guests can still use, those of them that end within 24 hours, and those past their end. The cleanup clears the expired ones and keeps the reservation.',
          width: 24,
          unit: 'count',
          queries: [
            series(max(instant(tokensActive.where(stored))), 'active'),
            series(max(instant(tokensExpiring.where(stored))), 'expire within 24 h'),
            series(max(instant(tokensExpired.where(stored))), 'expired, still stored'),
          ],
        }),
      ]
    : []),
])

const dayName = (day: number) => ['today', 'tomorrow'][day] ?? `in ${day} days`
const ahead = (percentile: string, name: string) =>
  series(max(instant(reservationsLeadTime.where({ ...stored, period: '7d', percentile }))), name, {
    emptyWhen: 'Nobody booked in the last 7 days',
  })

export const days = row('What do the next days bring?', [
  ...(reservationTable.columns.partySize
    ? [
        stat({
          title: 'Guests by day',
          description:
            'Guests of confirmed reservations on each of the next 14 days, in the time zone of the database.',
          width: 24,
          unit: 'count',
          queries: daysShown.map((day) =>
            series(max(instant(coversByDay.where({ ...stored, days_ahead: String(day) }))), dayName(day)),
          ),
        }),
      ]
    : []),
  ...(reservationTable.columns.created
    ? [
        stat({
          title: 'How long ahead guests book',
          description:
            'Of the reservations made in the last 7 days, half were made at most so long before their date, and 9 in 10.',
          width: 8,
          unit: 'seconds',
          queries: [ahead('50', 'half'), ahead('90', '9 in 10')],
        }),
        stat({
          title: 'What became of a week of bookings',
          description: 'The reservations made in the last 7 days, by the status they have now.',
          width: 16,
          unit: 'count',
          queries: [
            series(max(instant(reservationsFunnel.where({ ...stored, period: '7d' })), ['status']), ({ label }) =>
              label('status'),
            ),
          ],
        }),
      ]
    : []),
])

const lastHour = { ...stored, period: '1h' } as const

const paying = row('Can guests pay?', [
  timeseries({
    title: 'Payments in the last hour',
    description:
      'Attempts by outcome. `declined` is the card: many at once may be somebody who tries stolen ones. `failed` is ours or the provider: guests cannot pay.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(reservationPayments.where(lastHour)), ['outcome']), ({ label }) => label('outcome'))],
    colours: { succeeded: 'good', declined: 'notice', failed: 'bad' },
  }),
  stat({
    title: 'Failed payments',
    description: 'Share of the attempts in the last 24 hours that ended in an error of ours or of the provider.',
    width: 6,
    height: 8,
    unit: 'share',
    decimals: 1,
    queries: [
      series(
        defined(
          share(
            sum(instant(reservationPayments.where({ ...lastDay, outcome: 'failed' }))),
            sum(instant(reservationPayments.where(lastDay))),
          ),
        ),
        '',
        { emptyWhen: 'Nobody tried to pay in the last 24 hours' },
      ),
    ],
  }),
  ...(reservationTable.payments?.columns.reservation
    ? [
        stat({
          title: 'Guests who could not pay',
          description: 'Reservations whose last attempt to pay, in the last 24 hours, was declined or failed.',
          width: 6,
          height: 8,
          unit: 'count',
          queries: [series(max(instant(paymentsFailing.where(stored))), '')],
        }),
      ]
    : []),
])

/** What the database says about payments, where the description of the tables names them. */
export const payments = reservationTable.payments ? [paying] : []
