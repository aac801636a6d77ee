import { parser } from '@prometheus-io/lezer-promql'

export interface SelectedMatcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

/** A series that an expression asks for. */
export interface Selected {
  readonly name: string
  readonly matchers: readonly SelectedMatcher[]
}

/** Every series it asks for; of several names in one selector each. */
export const selectedBy = (promql: string): readonly Selected[] => {
  const found: Selected[] = []
  parser.parse(promql).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return
      const text = ({ from, to }: { readonly from: number; readonly to: number }) => promql.slice(from, to)
      const identifier = node.getChild('Identifier')
      const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => {
        const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => {
          const child = matcher.getChild(part)
          return child ? text(child) : ''
        })
        return { label: label ?? '', operator: operator ?? '', value: String(JSON.parse(value || '""')) }
      })
      const others = matchers.filter(({ label }) => label !== '__name__')
      const names = identifier
        ? [text(identifier)]
        : matchers.flatMap(({ label, value }) => (label === '__name__' ? value.split('|') : []))
      found.push(...names.map((name) => ({ name, matchers: others })))
    },
  })
  return found
}
