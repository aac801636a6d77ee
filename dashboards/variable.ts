import { type Matcher, matches, type Series } from '../metrics/metric.ts'
import { selectorOf } from '../metrics/promql.ts'

/** A choice in the head of a dashboard: the values that a label has now. */
export interface Variable {
  /** The same name means the same choice on every dashboard: links carry it along. */
  readonly name: string
  readonly label: string
  readonly query: string
  /** Whether several values, and all of them, can be chosen. */
  readonly many: boolean
  /** For `where()`: the values chosen. Only several are a pattern: a name may hold a dot. */
  readonly selected: string | Matcher
}

interface VariableSpec<Label extends string> {
  readonly name: string
  readonly label: string
  readonly of: Series<string, Label>
  readonly values: NoInfer<Label>
  readonly many?: boolean
}

export const variable = <const Label extends string>({
  name,
  label,
  of,
  values,
  many = false,
}: VariableSpec<Label>): Variable =>
  Object.freeze({
    name,
    label,
    query: `label_values(${selectorOf(of)}, ${values})`,
    many,
    selected: many ? matches(`$${name}`) : `$${name}`,
  })
