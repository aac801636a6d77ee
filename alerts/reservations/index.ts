import type { RuleGroup } from '../alert.ts'
import { seldom, unhurried } from '../pace.ts'
import { cancellationsSurging, reservationsRejected, reservationsStopped, reservationsUnanswered } from './bookings.ts'
import {
  cleanupOverdue,
  noShowsHigh,
  reservationFiguresStale,
  reservationsNotClosed,
  reservationsUnread,
  statusUnknown,
} from './housekeeping.ts'
import {
  guestsUnableToPay,
  paymentsDeclined,
  paymentsFailingOften,
  paymentsStopped,
  paymentsStuck,
} from './payments.ts'

/** What is counted once a minute is judged no oftener. */
export const reservationGroups: readonly RuleGroup[] = [
  {
    name: 'reservations-bookings',
    interval: unhurried,
    rules: [reservationsStopped, cancellationsSurging, reservationsUnanswered],
  },
  { name: 'reservations-compared', interval: seldom, rules: [reservationsRejected, cleanupOverdue] },
  {
    name: 'reservations-payments',
    rules: [paymentsFailingOften, paymentsDeclined, paymentsStopped, paymentsStuck, guestsUnableToPay],
  },
  {
    name: 'reservations-housekeeping',
    interval: unhurried,
    rules: [reservationsNotClosed, noShowsHigh, statusUnknown, reservationsUnread, reservationFiguresStale],
  },
]
