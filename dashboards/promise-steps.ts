import { errorBudget } from '../alerts/burn-rate.ts'
import type { Objective } from '../config/sla.ts'
import type { Step } from './colour.ts'

/** Of the error budget that is left: a quarter is where a team stops taking risks, none is a broken promise. */
export const budgetLeft: readonly Step[] = [
  { from: 0, is: 'warning' },
  { from: 0.25, is: 'good' },
]

/** A share of bad events at which a promise is no longer kept. */
export const tooManyBad = ({ target }: Objective): readonly Step[] => [
  { from: errorBudget(target).toNumber(), is: 'bad' },
]

/** An axis that shows how far the share of bad events is from too many. */
export const reachOf = ({ target }: Objective): number => errorBudget(target).times(4).toNumber()

/** A share of good events: below the target the promise is broken. For a stat whose base is `bad`. */
export const enoughGood = ({ target }: Objective): readonly Step[] => [{ from: target, is: 'good' }]
