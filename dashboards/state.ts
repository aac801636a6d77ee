import type { Kind } from '../config/targets.ts'
import { up } from '../metrics/foreign.ts'
import type { Series, TargetLabel } from '../metrics/metric.ts'
import { type Expr, instant, max, or, sub } from '../metrics/promql.ts'
import type { Variable } from './variable.ts'

/**
 * 1 where a target answers and 0 where it does not, as whoever asks it says; -1 where that one could not be scraped, which
 * would otherwise be silence.
 * @param job of the scrape that tells it
 */
export const stateOf = (
  told: Series<'gauge', TargetLabel>,
  job: Kind | 'probe' | 'incidents',
  chosen?: Variable,
): Expr<'instance'> => {
  const scraped = up.where({ job, ...(chosen && { instance: chosen.selected }) })
  return or(max(instant(told), ['instance']), sub(max(instant(scraped), ['instance']), 1))
}
