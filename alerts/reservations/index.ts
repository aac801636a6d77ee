import type { RuleGroup } from '../alert.ts'
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

/** What looks back a week is dear to compute, and what is counted once a minute moves no faster. */
const unhurried = '1m'

export const reservationGroups: readonly RuleGroup[] = [
  {
    name: 'reservations-bookings',
    interval: unhurried,
    rules: [reservationsStopped, reservationsRejected, cancellationsSurging, reservationsUnanswered],
  },
  {
    name: 'reservations-payments',
    rules: [paymentsFailingOften, paymentsDeclined, paymentsStopped, paymentsStuck, guestsUnableToPay],
  },
  {
    name: 'reservations-housekeeping',
    interval: unhurried,
    rules: [
      reservationsNotClosed,
      noShowsHigh,
      cleanupOverdue,
      statusUnknown,
      reservationsUnread,
      reservationFiguresStale,
    ],
  },
]
