import { closestMatch } from 'leven'
import type { Override } from '../config/overrides.ts'
import { measureOf, unitsOf } from '../config/quantity.ts'
import { severities } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import type { Alert, Bound } from './alert.ts'

/** Every reason why what `config/overrides.ts` asks cannot be done, each in one line that names the alert and the value. */
export const overrideFaults = (
  alerts: readonly Alert[],
  overrides: Readonly<Record<string, Override>>,
): readonly string[] => {
  const byId = new Map(alerts.map((one) => [one.id, one]))
  return Object.entries(overrides).flatMap(([id, override]) => {
    const alert = byId.get(id)
    const faults = alert ? faultsOf(alert, override) : [unknown(id, [...byId.keys()])]
    return faults.map((fault) => `config/overrides.ts: ${id}${fault}`)
  })
}

const unknown = (id: string, ids: readonly string[]) => {
  const nearest = closestMatch(id, ids, { maxDistance: Math.ceil(id.length / 3) })
  return nearest === undefined ? ' is no alert: the runbook lists every id' : ` is no alert: did you mean ${nearest}?`
}

const keys = new Set(['reason', 'threshold', 'for', 'severity', 'off'])

// Written without an editor's help, it may say anything.
const faultsOf = ({ threshold, labels }: Alert, override: Override): readonly string[] => {
  const given: Readonly<Record<string, unknown>> = { ...override }
  const odd = Object.keys(given).filter((key) => !keys.has(key))
  return [
    ...odd.map((key) => ` has ${key}: only ${[...keys].join(', ')} are known`),
    ...(typeof given.reason === 'string' && given.reason.trim() !== ''
      ? []
      : ['.reason is missing: say why, it stands in the runbook']),
    ...offFaults(given),
    ...(given.threshold === undefined ? [] : thresholdFaults(given.threshold, threshold)),
    ...(given.for === undefined || isDelay(given.for)
      ? []
      : [`.for is ${given.for}: write a whole number above 0 and s, m, h or d, such as 10m`]),
    ...(given.severity === undefined || namesOf(severities).some((name) => name === given.severity)
      ? []
      : [`.severity is ${given.severity}: choose one of ${namesOf(severities).join(', ')}`]),
    ...(given.severity === undefined || labels.step === undefined
      ? []
      : ['.severity is given: it has that of the alert which nobody responded to, whose own is changed instead']),
  ]
}

const isDelay = (given: unknown) => typeof given === 'string' && /^[1-9]\d*[smhd]$/.test(given)

const offFaults = ({ off, ...rest }: Readonly<Record<string, unknown>>) => {
  if (off === undefined) return []
  if (off !== true) return [`.off is ${off}: write true, or leave it out`]
  const others = Object.keys(rest).filter((key) => key !== 'reason' && keys.has(key))
  return others.map((key) => ` is off and has ${key}: leave out one of them`)
}

const thresholdFaults = (given: unknown, declared: Bound | undefined) => {
  if (!declared) return ['.threshold is given: this alert judges a state, and has none']
  const { least, most, dimension } = declared
  const measure = typeof given === 'string' ? measureOf(given) : undefined
  if (measure?.dimension !== dimension) {
    return [`.threshold is ${given}: write ${unitsOf(dimension)}, from ${least} to ${most}`]
  }
  const [low, high] = [measureOf(least), measureOf(most)]
  return low && high && measure.value >= low.value && measure.value <= high.value
    ? []
    : [`.threshold is ${given}: choose one from ${least} to ${most}`]
}
