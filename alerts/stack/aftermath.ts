import { alerts } from '../../metrics/foreign.ts'
import { matches } from '../../metrics/metric.ts'
import { labelReplace, max, maxOverTime } from '../../metrics/promql.ts'
import type { Alert, RuleGroup } from '../alert.ts'
import { type BurnWindow, burnWindows, inMinutes } from '../burn-rate.ts'
import { postgresDown } from '../postgres/availability.ts'
import { apiDown } from '../probe/reach.ts'
import { redisDown } from '../redis/availability.ts'
import { systemDown } from './system.ts'

/**
 * Fires while something is down, and until windows have forgotten it. Nobody is told of it: it holds back what an outage
 * brings with it after its end, as a budget goes on burning over the short window.
 */
export const aftermathName = 'OutageAftermath'

/** The pace of the budgets that it holds back. */
type Aftermath = Alert & { readonly labels: { readonly pace: string } }

/** Alerts of one outage or another. */
export const outages: readonly Alert[] = [systemDown, apiDown, postgresDown, redisDown]

const down = alerts.where({ alertname: matches(outages.map(({ alert }) => alert).join('|')), alertstate: 'firing' })

/** A budget burns on over the short window, and is told for as long again; the rest is for evaluations. */
const after = (window: BurnWindow): Aftermath => {
  const pace = String(window.pace)
  const minutes = 2 * inMinutes(window.short) + 2
  return Object.freeze({
    id: `${aftermathName} of pace ${pace}`,
    alert: aftermathName,
    comparisons: [],
    expr: labelReplace(max(maxOverTime(down, `${minutes}m`), ['alertname']), 'cause', '$1', 'alertname', '(.*)').promql,
    for: '1s',
    labels: Object.freeze({ pace }),
    annotations: Object.freeze({
      summary: `{{ $labels.cause }} fired within the last ${minutes} minutes: what it brought with it is held back until that is forgotten`,
      action: 'Nothing: nobody is told of it.',
    }),
  })
}

const [fastest, ...slower] = burnWindows('30d')

/** Of the budget that pages, and of everything else that an outage brings with it. */
export const aftermath: Aftermath = after(fastest)

/** Budgets that burn slowly look back further, and each pace has an aftermath of its own. */
export const slowAftermaths: readonly Aftermath[] = slower.map(after)

export const aftermathGroup: RuleGroup = { name: 'aftermath', rules: [aftermath, ...slowAftermaths] }
