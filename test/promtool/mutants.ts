import type { SyntaxNode } from '@lezer/common'
import type { Alert } from '../../alerts/alert.ts'
import { everyRecording } from './case.ts'
import { secondsIn } from './duration.ts'
import { nodesOf, replaced, textOf } from './promql-edit.ts'
import { everyMetric } from './series.ts'

/** What is wrong with a mutant. */
export const mutations = ['comparison', 'threshold', 'matcher', 'delay', 'metric', 'absent metric'] as const
export type Mutation = (typeof mutations)[number]

/** An alert with one thing wrong in it, which its cases have to notice. */
export interface Mutant {
  readonly mutation: Mutation
  /** What was done to it, within the alert's id a name. */
  readonly name: string
  readonly alert: Alert
}

type Mutate = (alert: Alert, present: ReadonlySet<string>) => readonly Mutant[]

/** The same text wherever it stands comes of the same words in the model, so that all of it is changed at once. */
const alike = <T>(things: readonly T[], textFor: (thing: T) => string) =>
  [...new Set(things.map(textFor))].map((text) => [text, things.filter((thing) => textFor(thing) === text)] as const)

const operators = { '>': '<=', '>=': '<', '<': '>=', '<=': '>', '==': '!=', '!=': '==' } as const
const comparing = ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq']

const comparisonsIn = (promql: string) =>
  nodesOf(promql, comparing).flatMap((node) =>
    node.parent?.name === 'BinaryExpr' ? [{ operator: node, whole: node.parent }] : [],
  )

const flipped: Mutate = (alert) =>
  alike(comparisonsIn(alert.expr), ({ whole }) => textOf(alert.expr, whole)).map(([text, found]) => {
    const stretches = found.map(({ operator }) => operator)
    const expr = replaced(
      alert.expr,
      stretches,
      (operator) => new Map<string, string>(Object.entries(operators)).get(operator) ?? operator,
    )
    return { mutation: 'comparison', name: `flipped: ${text}`, alert: { ...alert, expr } }
  })

const isCompared = (node: SyntaxNode | null): boolean =>
  node !== null &&
  (['UnaryExpr', 'ParenExpr'].includes(node.name)
    ? isCompared(node.parent)
    : comparing.some((name) => node.getChild(name)))

const multiplied: Mutate = (alert) => {
  const { expr, threshold } = alert
  const literals = nodesOf(expr, ['NumberDurationLiteral']).filter(
    (node) => isCompared(node.parent) || textOf(expr, node) === String(threshold?.value),
  )
  // Ten times nothing is nothing.
  const some = literals.filter((node) => Number(textOf(expr, node)) !== 0)
  return alike(some, (node) => textOf(expr, node.parent ?? node)).flatMap(([text, found]) =>
    [10, 0.1].map((factor) => ({
      mutation: 'threshold' as const,
      name: `times ${factor}: ${text}`,
      alert: {
        ...alert,
        expr: replaced(expr, found, (number) => String(Number((Number(number) * factor).toPrecision(12)))),
      },
    })),
  )
}

/** A selector without this matcher, or as it was where it would select everything. */
const without = (selector: string, dropped: string) => {
  const left = nodesOf(selector, ['UnquotedLabelMatcher'])
    .map((matcher) => textOf(selector, matcher))
    .filter((matcher) => matcher !== dropped)
  const name = selector.slice(0, selector.indexOf('{'))
  if (left.length > 0) return `${name}{${left.join(',')}}`
  return name === '' ? selector : name
}

/** Wherever it stands: of two sides that are divided, one with the matcher is enough. */
const unmatched: Mutate = (alert) =>
  alike(nodesOf(alert.expr, ['UnquotedLabelMatcher']), (node) => textOf(alert.expr, node)).flatMap(([matcher]) => {
    const selectors = nodesOf(alert.expr, ['VectorSelector'])
    const expr = replaced(alert.expr, selectors, (selector) =>
      selector.includes(matcher) ? without(selector, matcher) : selector,
    )
    return expr === alert.expr
      ? []
      : [{ mutation: 'matcher' as const, name: `without ${matcher}`, alert: { ...alert, expr } }]
  })

/** Less than that is as good as one evaluation, doubled or not. */
const leastSeen = 60

const delayed: Mutate = (alert) =>
  [Math.max(2 * secondsIn(alert.for), leastSeen + secondsIn(alert.for)), 0].map((seconds) => ({
    mutation: 'delay',
    name: `for ${seconds}s, not ${alert.for}`,
    alert: { ...alert, for: `${seconds}s` },
  }))

/** A name that can be asked for, and what makes another a likely slip: the same labels, and the same kind of value. */
interface Asked {
  readonly name: string
  readonly likeness: string
}

const everyName: readonly Asked[] = [
  ...everyMetric.flatMap(({ name, type, labels }) => {
    const common = [...labels].sort().join()
    return type === 'histogram'
      ? [
          ...['_count', '_sum'].map((part) => ({ name: `${name}${part}`, likeness: `counter of ${common}` })),
          { name: `${name}_bucket`, likeness: `buckets of ${common}` },
        ]
      : [{ name, likeness: `${type === 'counter' ? type : 'gauge'} of ${common}` }]
  }),
  ...everyRecording.map(({ name, labels }) => ({
    name,
    likeness: `recorded for ${Object.keys(labels).sort().join()}`,
  })),
]

const swapped: Mutate = (alert, present) =>
  alike(nodesOf(alert.expr, ['Identifier']), (node) => textOf(alert.expr, node)).flatMap(([name, found]) => {
    const own = everyName.find((one) => one.name === name)
    const others = everyName.filter((one) => one.name !== name && one.likeness === own?.likeness)
    // One that has no series in a case is missed at once: the slip that is hard to see is one that has.
    const other = others.find((one) => present.has(one.name)) ?? others[0]
    if (!other) return []
    const expr = replaced(alert.expr, found, () => other.name)
    const mutation = present.has(other.name) ? 'metric' : 'absent metric'
    return [{ mutation, name: `${other.name} for ${name}`, alert: { ...alert, expr } }]
  })

/**
 * Every slip of one kind in an alert: a comparison turned round, a number that is compared ten times or a tenth of itself, a
 * matcher left out, its delay doubled or none, one metric for another.
 * @param present the names of series that there are in the alert's cases
 */
export const mutantsOf: Mutate = (alert, present) =>
  [flipped, multiplied, unmatched, delayed, swapped].flatMap((mutate) => mutate(alert, present))
