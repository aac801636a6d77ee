import { httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import { up } from '../../../metrics/foreign.ts'
import type { InputSeries, Phases } from '../series.ts'
import { rising, scraped, series } from '../series.ts'

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

/** One of several services that stand side by side in a case, by what is with it. */
export const named = (instance: string) => ({ ...scraped.api, instance })

/** Services side by side, each by what is with it: what looks far back is evaluated once for all of them. */
export const sideBySide = (services: Readonly<Record<string, readonly InputSeries[]>>): readonly InputSeries[] =>
  Object.entries(services).flatMap(([instance, all]) =>
    all.map(({ series, values }) => ({
      series: series.replace(`instance="${scraped.api.instance}"`, `instance=${JSON.stringify(instance)}`),
      values,
    })),
  )
