import { counter } from '../../metrics/metric.ts'
import type { Instruments } from './instruments/instruments.ts'

/**
 * How a reservation ended. Attempts are the first three: `confirmed`; `rejected`, a clear refusal the guest can act upon
 * (no table is free, the wish is invalid); `failed`, an error of ours. `cancelled` is no attempt: it ends a reservation
 * that was counted as confirmed before.
 */
export const reservationOutcomes = ['confirmed', 'rejected', 'failed', 'cancelled'] as const
export type ReservationOutcome = (typeof reservationOutcomes)[number]

export const reservationsTotal = counter({
  name: 'reservations_total',
  help: 'Reservation attempts by outcome (confirmed; rejected: a clear refusal; failed: an error of ours), and cancellations (cancelled)',
  labels: ['status'],
})

/** Counts outcomes. */
export const reservationCounter = (instruments: Instruments) => {
  const total = instruments.counter(reservationsTotal)
  // A series that begins with its first failure has no rise that rate() could see.
  for (const status of reservationOutcomes) total.add(0, { status })
  return (status: ReservationOutcome) => total.inc({ status })
}
