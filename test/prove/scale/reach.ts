import { parser } from '@prometheus-io/lezer-promql'
import { ruleFiles } from '../../../alerts/index.ts'
import { type Selected, selectedBy } from '../../promql.ts'
import { millisecondsIn } from '../ladder/pace.ts'
import type { Series } from './exposition.ts'

interface Reaching extends Selected {
  /** How far back it looks, in seconds. */
  readonly seconds: number
}

/** What a single value is looked for in. */
const lookback = 300

/** What adds to how far a selector looks back: its range, its offset, and those of the subqueries around it. */
const adding = new Set(['MatrixSelector', 'OffsetExpr', 'SubqueryExpr'])

/** What an expression selects, and how far back. */
export const reachesIn = (promql: string): readonly Reaching[] => {
  const found: Reaching[] = []
  parser.parse(promql).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return
      let seconds = 0
      for (let around = node.parent; around; around = around.parent) {
        const duration = adding.has(around.name)
          ? (around.getChild('DurationExpr') ?? around.getChild('OffsetDurationExpr'))
          : null
        if (duration) seconds += millisecondsIn(promql.slice(duration.from, duration.to)) / 1000
      }
      const asked = selectedBy(promql.slice(node.from, node.to))
      found.push(...asked.map((one) => ({ ...one, seconds: Math.max(seconds, lookback) })))
    },
  })
  return found
}

const everyReach = Object.values(ruleFiles())
  .flat()
  .flatMap(({ rules }) => rules)
  .flatMap(({ expr }) => reachesIn(expr))

const holds = (value: string, { operator, value: asked }: Selected['matchers'][number]) => {
  if (operator === '=') return value === asked
  if (operator === '!=') return value !== asked
  const matches = new RegExp(`^(?:${asked})$`).test(value)
  return operator === '=~' ? matches : !matches
}

/** How far back any of our rules looks at a series, in seconds; 0 where none does. */
export const reachOf = ({ name, labels }: Series): number =>
  Math.max(
    0,
    ...everyReach
      .filter((one) => one.name === name && one.matchers.every((each) => holds(labels[each.label] ?? '', each)))
      .map(({ seconds }) => seconds),
  )
