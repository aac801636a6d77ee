import type { Definition, Series, TargetLabel } from './metric.ts'
import { count, type Duration, type Expr, instant, labelReplace } from './promql.ts'

/** How a series of this metric is named, whatever its type. */
export const seriesNameOf = ({ name, type }: Pick<Definition, 'name' | 'type'>): string =>
  type === 'histogram' ? `${name}_count` : name

/**
 * How many series there are of each of these metrics, which `metric` names, whatever their types: only whether there is one is
 * asked, and not what it says.
 */
export const presenceOf = (
  metrics: readonly Definition[],
  job: string,
  at: { readonly offset?: Duration } = {},
): Expr<'metric' | TargetLabel> => {
  const names = metrics.map(seriesNameOf).join('|')
  const matchers = [`__name__=~${JSON.stringify(names)}`, `job=${JSON.stringify(job)}`]
  const any = Object.freeze({ type: 'gauge', name: '', matchers }) as unknown as Series<
    'gauge',
    '__name__' | TargetLabel
  >
  return count(labelReplace(instant(any, at), 'metric', '$1', '__name__', '(.+)'), ['metric', 'job', 'instance'])
}
