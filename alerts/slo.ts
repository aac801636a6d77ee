import { type Objective, type PromiseName, sla } from '../config/sla.ts'
import { httpRequestDuration, httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { reservationsTotal } from '../exporters/service/reservations.ts'
import { probeSuccess } from '../metrics/foreign.ts'
import { matches, type TargetLabel } from '../metrics/metric.ts'
import { namesOf } from '../metrics/names.ts'
import {
  countAtMost,
  countOf,
  countOverTime,
  type Duration,
  div,
  type Expr,
  rate,
  sub,
  sum,
  sumOverTime,
} from '../metrics/promql.ts'
import { inMinutes } from './burn-rate.ts'

/** A promise with the two rates that tell whether it is kept, both in events per second over a window. */
export interface Slo<Label extends string = never> extends Objective {
  /** By which labels it is kept apart; none where all events count together. */
  readonly by: readonly Label[]
  readonly bad: (window: Duration) => Expr<Label>
  readonly total: (window: Duration) => Expr<Label>
  /** Where it is these that are counted, and bad is what is left of the total. */
  readonly good?: (window: Duration) => Expr<Label>
}

type Measures<Label extends string> = Pick<Slo<Label>, 'bad' | 'total' | 'good'>
/** How a promise is measured, for all together or kept apart by labels that its metric has. */
type Measure<Label extends string> = <By extends Label>(by: readonly By[]) => Measures<By>

const lessGood = <Label extends string>(counted: {
  readonly total: Slo<Label>['total']
  readonly good: Slo<Label>['bad']
}): Measures<Label> => ({ ...counted, bad: (window) => sub(counted.total(window), counted.good(window)) })

const attempts = reservationsTotal.where({ status: matches('confirmed|rejected|failed') })

const httpAvailability: Measure<'route' | TargetLabel> = (by) => ({
  bad: (window) => sum(rate(httpRequestsTotal.where({ status_code: matches('5..') }), window), by),
  total: (window) => sum(rate(httpRequestsTotal, window), by),
})

const httpLatency: Measure<'route' | TargetLabel> = (by) => {
  const total = (window: Duration) => sum(rate(countOf(httpRequestDuration), window), by)
  const inTime = countAtMost(httpRequestDuration, sla.httpLatency.seconds)
  return lessGood({ total, good: (window) => sum(rate(inTime, window), by) })
}

const reservationSuccess: Measure<TargetLabel> = (by) => ({
  bad: (window) => sum(rate(reservationsTotal.where({ status: 'failed' }), window), by),
  total: (window) => sum(rate(attempts, window), by),
})

/** Up or down: every probe is an event, and a bad one if nobody answered. */
const apiReachable: Measure<TargetLabel> = (by) => {
  const perSecond = (probes: typeof probeSuccess, over: typeof sumOverTime, window: Duration) =>
    div(over(probes, window), inMinutes(window) * 60)
  const total = (window: Duration) => sum(perSecond(probeSuccess, countOverTime, window), by)
  return lessGood({ total, good: (window) => sum(perSecond(probeSuccess, sumOverTime, window), by) })
}

/** How each promise is measured. One that stands in `config/sla.ts` and not here does not compile. */
const together = {
  httpAvailability: httpAvailability([]),
  httpLatency: httpLatency([]),
  reservationSuccess: reservationSuccess([]),
  apiReachable: apiReachable([]),
} satisfies Record<PromiseName, Measures<never>>

/** Those that can be kept apart, by what. */
const apart = {
  route: { httpAvailability: httpAvailability(['route']), httpLatency: httpLatency(['route']) },
  instance: {
    httpAvailability: httpAvailability(['instance']),
    httpLatency: httpLatency(['instance']),
    reservationSuccess: reservationSuccess(['instance']),
    apiReachable: apiReachable(['instance']),
  },
} satisfies { readonly [By in NonNullable<Objective['each']>]: Partial<Record<PromiseName, Measures<By>>> }

export const slos: Readonly<Record<PromiseName, Slo>> = {
  httpAvailability: { ...sla.httpAvailability, by: [], ...together.httpAvailability },
  httpLatency: { ...sla.httpLatency, by: [], ...together.httpLatency },
  reservationSuccess: { ...sla.reservationSuccess, by: [], ...together.reservationSuccess },
  apiReachable: { ...sla.apiReachable, by: [], ...together.apiReachable },
}

/** Whether a promise can be kept apart in this way. */
export const isMeasuredBy = (by: string, promise: string): boolean =>
  (by === 'route' || by === 'instance') && Object.hasOwn(apart[by], promise)

type Apart<By extends string> = readonly (readonly [name: string, slo: Slo<By>])[]

const askedFor = <By extends 'route' | 'instance'>(
  by: By,
  measures: Readonly<Partial<Record<PromiseName, Measures<By>>>>,
  promises: Readonly<Record<PromiseName, Objective>>,
): Apart<By> =>
  namesOf(measures).flatMap((name) => {
    const [promise, measure] = [promises[name], measures[name]]
    return measure && promise.each === by ? [[name, { ...promise, by: [by], ...measure }] as const] : []
  })

/** Promises that are watched for each route or target as well. */
export const slosByRoute = (promises: Readonly<Record<PromiseName, Objective>> = sla): Apart<'route'> =>
  askedFor('route', apart.route, promises)
export const slosByInstance = (promises: Readonly<Record<PromiseName, Objective>> = sla): Apart<'instance'> =>
  askedFor('instance', apart.instance, promises)
