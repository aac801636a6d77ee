import type { PromiseName } from '../../config/sla.ts'
import { alertNamed } from './case.ts'

export type Window = '1h' | '6h' | '1d' | '3d'

export const slo: Readonly<Record<PromiseName, string>> = {
  httpAvailability: 'http_availability',
  httpLatency: 'http_latency',
  reservationSuccess: 'reservation_success',
  apiReachable: 'api_reachable',
}

const alertPrefix: Readonly<Record<PromiseName, string>> = {
  httpAvailability: 'HttpAvailability',
  httpLatency: 'HttpLatency',
  reservationSuccess: 'ReservationSuccess',
  apiReachable: 'ApiReachable',
}
export const burnAlert = (promise: PromiseName, window: Window) =>
  alertNamed(`${alertPrefix[promise]}BudgetBurn over ${window}`)
export const exhausted = (promise: PromiseName) => alertNamed(`${alertPrefix[promise]}BudgetExhausted`)
export const unknown = (promise: PromiseName) => alertNamed(`${alertPrefix[promise]}Unknown`)

export const labelled = (promise: PromiseName) => ({ slo: slo[promise] })
