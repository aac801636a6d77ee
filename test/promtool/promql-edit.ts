import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'

/** A stretch of an expression. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** Every node of these kinds in an expression, from left to right. */
export const nodesOf = (promql: string, kinds: readonly string[]): readonly SyntaxNode[] => {
  const found: SyntaxNode[] = []
  parser.parse(promql).iterate({
    enter: ({ name, node }) => {
      if (kinds.includes(name)) found.push(node)
    },
  })
  return found
}

export const textOf = (promql: string, { from, to }: Stretch): string => promql.slice(from, to)

/** The expression with something else in place of some stretches, none of which overlaps another. */
export const replaced = (
  promql: string,
  stretches: readonly Stretch[],
  by: (text: string, at: Stretch) => string,
): string =>
  [...stretches]
    .sort((one, other) => other.from - one.from)
    .reduce((text, at) => text.slice(0, at.from) + by(textOf(promql, at), at) + text.slice(at.to), promql)
