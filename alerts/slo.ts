import { type LatencyObjective, type Objective, type PromiseName, sla } from '../config/sla.ts'
import { teams } from '../config/teams.ts'
import { httpRequestDuration, httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { reservationsTotal } from '../exporters/service/reservations.ts'
import { matches } from '../metrics/metric.ts'
import { countAtMost, countOf, type Expr, rate, sub, sum, type Window } from '../metrics/promql.ts'
import { burnRate, burnThreshold, burnWindows, percent } from './burn-rate.ts'

/** A promise with the two rates that tell whether it is kept, both in events per second over a window. */
export interface Slo extends Objective {
  readonly bad: (window: Window) => Expr
  readonly total: (window: Window) => Expr
}

type Measures = Pick<Slo, 'bad' | 'total'>

const requests = (window: Window) => sum(rate(countOf(httpRequestDuration), window))
const attempts = reservationsTotal.where({ status: matches('confirmed|rejected|failed') })

/** How each promise is measured. One that stands in `config/sla.ts` and not here does not compile. */
const measures = {
  httpAvailability: {
    bad: (window) => sum(rate(httpRequestsTotal.where({ status_code: matches('5..') }), window)),
    total: (window) => sum(rate(httpRequestsTotal, window)),
  },
  httpLatency: {
    bad: (window) =>
      sub(requests(window), sum(rate(countAtMost(httpRequestDuration, sla.httpLatency.seconds), window))),
    total: requests,
  },
  reservationSuccess: {
    bad: (window) => sum(rate(reservationsTotal.where({ status: 'failed' }), window)),
    total: (window) => sum(rate(attempts, window)),
  },
} satisfies Record<PromiseName, Measures>

export const slos: Readonly<Record<PromiseName, Slo>> = {
  httpAvailability: { ...sla.httpAvailability, ...measures.httpAvailability },
  httpLatency: { ...sla.httpLatency, ...measures.httpLatency },
  reservationSuccess: { ...sla.reservationSuccess, ...measures.reservationSuccess },
}

/** Every reason why a promise cannot be watched, each in one line that names the file and the value. */
export const promiseFaults = (
  promises: Readonly<Record<string, Objective | LatencyObjective>> = sla,
): readonly string[] =>
  Object.entries(promises).flatMap(([name, promise]) =>
    faultsOf(promise).map((fault) => `config/sla.ts: ${name}.${fault}`),
  )

const faultsOf = (promise: Objective | LatencyObjective) => {
  const numbers = [...targetFaults(promise), ...boundFaults(promise)]
  // Words that disagree with an impossible number may be right: one fault is enough.
  return [...numbers, ...ownerFaults(promise), ...(numbers.length === 0 ? wordFaults(promise) : [])]
}

const targetFaults = ({ target, window }: Objective) => {
  if (!(target > 0 && target < 1)) {
    return [
      `target is ${target}: write a share above 0 and below 1, such as 0.999; a promise of 1 leaves no error budget`,
    ]
  }
  if (!/^[1-9]\d*d$/.test(window)) return [`window is ${window}: write whole days, such as 30d`]
  return burnFaults(target, window)
}

const ownerFaults = ({ owner }: Objective) =>
  Object.hasOwn(teams, owner)
    ? []
    : [`owner is ${owner}: no such team in config/teams.ts, which has ${Object.keys(teams).join(', ')}`]

const boundFaults = (promise: Objective | LatencyObjective) => {
  // Whatever it is, it becomes a bound of the histogram.
  if (!('seconds' in promise) || (promise.seconds > 0 && promise.seconds < Infinity)) return []
  return [`seconds is ${promise.seconds}: write a time above 0, such as 0.5`]
}

/** Whole: `99 %` is not said by `99.99 %`, nor `1 s` by `1 session`. */
const says = (words: string, text: string) =>
  new RegExp(`(?<![\\d.])${text.replace('.', '\\.').replace(' ', '\\s')}(?!\\w)`).test(words)

const wordFaults = (promise: Objective | LatencyObjective) => {
  const share = percent(promise.target)
  const faults = says(promise.promise, share)
    ? []
    : [`promise says nothing of ${share}: its words and its target must agree`]
  if (!('seconds' in promise)) return faults
  const bounds = [`${Math.round(promise.seconds * 1000)} ms`, `${promise.seconds} s`]
  if (bounds.some((bound) => says(promise.promise, bound))) return faults
  return [...faults, `promise says nothing of ${bounds.join(' or ')}: its words and its seconds must agree`]
}

/** Below this pace the slowest alert would fire while the promise is kept. 28 days give 0.93. */
const slowestPace = 0.9

const burnFaults = (target: number, window: Objective['window']) => {
  const paces = burnWindows.map((burn) => burnRate(burn, window).toNumber())
  const thresholds = burnWindows.map((burn) => burnThreshold(burn, window, target))
  if (Math.max(...thresholds) >= 1) {
    return [
      `target is ${target} over ${window}: its fastest burn alert would need ${Math.max(...thresholds)} of all events to be bad and could never fire`,
    ]
  }
  if (Math.min(...paces) < slowestPace) {
    return [
      `window is ${window}: too short for its slowest burn alert, which would fire while the promise is kept; write 28d or more`,
    ]
  }
  return []
}
