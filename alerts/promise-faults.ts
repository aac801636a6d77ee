import { type LatencyObjective, type Objective, sla } from '../config/sla.ts'
import { teams } from '../config/teams.ts'
import { burnThreshold, burnWindows, percent } from './burn-rate.ts'
import { isMeasuredBy } from './slo.ts'

/** Every reason why a promise cannot be watched, each in one line that names the file and the value. */
export const promiseFaults = (
  promises: Readonly<Record<string, Objective | LatencyObjective>> = sla,
): readonly string[] =>
  Object.entries(promises).flatMap(([name, promise]) =>
    faultsOf(name, promise).map((fault) => `config/sla.ts: ${name}.${fault}`),
  )

const faultsOf = (name: string, promise: Objective | LatencyObjective) => {
  const numbers = [...targetFaults(promise), ...boundFaults(promise), ...floorFaults(promise)]
  // Words that disagree with an impossible number may be right: one fault is enough.
  return [
    ...numbers,
    ...ownerFaults(promise),
    ...partFaults(name, promise),
    ...(numbers.length === 0 ? wordFaults(promise) : []),
  ]
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

const burnFaults = (target: number, window: Objective['window']) => {
  const most = Math.max(...burnWindows(window).map((burn) => burnThreshold(burn, target)))
  return most < 1
    ? []
    : [`target is ${target}: its fastest burn alert would need ${most} of all events to be bad and could never fire`]
}

const floorFaults = ({ leastBadEvents }: Objective) =>
  leastBadEvents === undefined || (Number.isInteger(leastBadEvents) && leastBadEvents > 0)
    ? []
    : [`leastBadEvents is ${leastBadEvents}: write a whole number from 1 on`]

const partFaults = (name: string, { each }: Objective) =>
  each === undefined || isMeasuredBy(each, name)
    ? []
    : [`each is ${each}: what it is measured by does not tell that apart; leave it out, or choose another`]
