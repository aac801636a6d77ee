import { alerts } from '../../metrics/foreign.ts'
import { matches } from '../../metrics/metric.ts'
import { labelReplace, max, maxOverTime } from '../../metrics/promql.ts'
import type { Alert, RuleGroup } from '../alert.ts'
import { postgresDown } from '../postgres/availability.ts'
import { apiDown } from '../probe/reach.ts'
import { redisDown } from '../redis/availability.ts'
import { systemDown } from './system.ts'

/**
 * Fires while something is down, and until windows of minutes have forgotten it. Nobody is told of it: it holds back what an
 * outage brings with it after its end, as a budget goes on burning over the short window.
 */
export const aftermathName = 'OutageAftermath'

/** Alerts of one outage or another. */
export const outages: readonly Alert[] = [systemDown, apiDown, postgresDown, redisDown]

const down = alerts.where({ alertname: matches(outages.map(({ alert }) => alert).join('|')), alertstate: 'firing' })

export const aftermath: Alert = Object.freeze({
  id: aftermathName,
  alert: aftermathName,
  comparisons: [],
  // A budget that pages burns on over its short window of five minutes, and is told for five more; the rest is for evaluations.
  expr: labelReplace(max(maxOverTime(down, '12m'), ['alertname']), 'cause', '$1', 'alertname', '(.*)').promql,
  for: '1s',
  labels: Object.freeze({}),
  annotations: Object.freeze({
    summary:
      '{{ $labels.cause }} fired within the last twelve minutes: what it brought with it is held back until that is forgotten',
    action: 'Nothing: nobody is told of it.',
  }),
})

export const aftermathGroup: RuleGroup = { name: 'aftermath', rules: [aftermath] }
