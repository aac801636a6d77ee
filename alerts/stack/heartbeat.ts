import { vector } from '../../metrics/promql.ts'
import type { Alert, RuleGroup } from '../alert.ts'

/** The name of the alert that always fires. When it stops arriving, the way to the page is broken somewhere. */
export const heartbeatName = 'Watchdog'

export const heartbeat: Alert = Object.freeze({
  id: heartbeatName,
  alert: heartbeatName,
  comparisons: [],
  expr: vector(1).promql,
  for: '1s',
  labels: Object.freeze({}),
  annotations: Object.freeze({
    summary: 'Always fires, to show that Prometheus and Alertmanager reach whoever watches them',
    action: 'Nothing, while it arrives. Whoever stops receiving it pages on-call: alerts no longer get through.',
  }),
})

export const heartbeatGroup: RuleGroup = { name: 'heartbeat', rules: [heartbeat] }
