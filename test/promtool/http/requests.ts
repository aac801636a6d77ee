import { httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import { up } from '../../../metrics/foreign.ts'
import type { InputSeries, Phases } from '../series.ts'
import { rising, series } from '../series.ts'

export const listing = { method: 'GET', route: '/api/tables' } as const
export const booking = { method: 'POST', route: '/api/reservations' } as const
/** URLs that no route answers, and the remainder beyond the limit. */
export const unknown = { method: 'GET', route: 'unmatched' } as const
export const remainder = { method: 'POST', route: 'other' } as const

type Route = Readonly<Record<'method' | 'route', string>>

/** Requests of a route that ended with this status. */
export const answered = (status: string, phases: Phases, of: Route = listing): InputSeries =>
  series(httpRequestsTotal, 'api', rising(phases), { ...of, status_code: status })

export const isUp = (values: string): InputSeries => series(up, 'api', values)
