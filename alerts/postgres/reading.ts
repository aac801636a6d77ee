import { isReplica } from '../../exporters/postgres/replication.ts'
import { not, type Series, type TargetLabel } from '../../metrics/metric.ts'
import { type Duration, type Expr, eq, instant, lastOverTime, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'

/** What is shown by itself: the series that sums all others has no schema. */
export const shown = { schemaname: not('') }

/** The gauge now, or as long ago as `offset` says, or what it was last while single scrapes failed or the exporter started again. */
export const recent = <L extends string>(gauge: Series<'gauge', L>, at: { readonly offset?: Duration } = {}): Expr<L> =>
  lastOverTime(gauge, '10m', at)

/** Left out are standbys: of what comes with the primary's files they would say the same again. */
export const onPrimary = <L extends string>(of: Expr<L | TargetLabel>): Expr<L | TargetLabel> =>
  unless(of, eq(instant(isReplica), 1), { on: target })

/** Of fewer rows in a table, whatever their state, nobody notices anything. awesome-prometheus-alerts has the same number. */
export const manyRows = 10_000
