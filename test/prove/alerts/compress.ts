import type { Alert, RuleGroup } from '../../../alerts/alert.ts'
import type { Duration } from '../../../metrics/promql.ts'
import { secondsIn } from '../../promtool/duration.ts'
import { nodesOf, replaced } from '../../promtool/promql-edit.ts'

/** Times pass so many times faster than in production. */
export const factor = 60
/** Every target is scraped, and every rule evaluated, once a second. */
export const interval: Duration = '1s'
/** A range needs some samples to be one, as in production, where each holds four or more. */
const leastRange = 4
const hour = 3600
/** Beyond an hour times are squeezed, and keep their order: a day is three minutes and a half, a week not quite eight. */
const squeeze = 0.4

const compressed = (seconds: number) =>
  seconds <= hour ? seconds / factor : (hour / factor) * (seconds / hour) ** squeeze

const within = (least: number, seconds: number): Duration => `${Math.max(least, Math.round(compressed(seconds)))}s`

const known = /^\d+[smhdw]$/
const isDuration = (text: string): text is Duration => known.test(text)

/** A range, an offset, a delay: as long as it is where times pass faster. */
const shorter = (text: string, least = 1): Duration => {
  if (!isDuration(text)) throw new Error(`${text} is no duration`)
  return within(least, secondsIn(text))
}

/** An expression whose ranges, offsets and steps are shorter; numbers in it stay as they are. */
export const compressedExpr = (promql: string): string =>
  replaced(promql, nodesOf(promql, ['NumberDurationLiteralInDurationContext']), (text, { from }) =>
    shorter(text, promql[from - 1] === '[' ? leastRange : 1),
  )

export const compressedAlert = (alert: Alert): Alert => ({
  ...alert,
  expr: compressedExpr(alert.expr),
  // A delay is a sixtieth whatever it is: it is what one waits for.
  for: `${Math.max(1, Math.round(secondsIn(alert.for) / factor))}s`,
  ...(alert.keepFiringFor && { keepFiringFor: shorter(alert.keepFiringFor) }),
})

/** Groups as they are where times pass faster: all rules are evaluated at every step. */
export const compressedGroup = ({ name, rules }: RuleGroup): RuleGroup => ({
  name,
  rules: rules.map((rule) => ('alert' in rule ? compressedAlert(rule) : { ...rule, expr: compressedExpr(rule.expr) })),
})
