import { postgresVitals } from '../exporters/postgres/index.ts'
import { redisVitals } from '../exporters/redis/index.ts'
import { reservationsVitals } from '../exporters/reservations/index.ts'
import { probeSuccess, up } from '../metrics/foreign.ts'
import { eq, instant, or, vector } from '../metrics/promql.ts'
import { type Alert, alert } from './alert.ts'

export const apiDown = alert({
  name: 'ApiDown',
  expr: eq(instant(probeSuccess), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} does not answer its health check: guests cannot book`,
  action:
    'Open /health/detailed of the service. If nothing answers, read its log and restart it (pm2 restart techplus-backend); ' +
    'if a dependency is down, its own alert leads.',
})

export const targetDown = alert({
  name: 'TargetDown',
  expr: eq(instant(up), 0),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `${label('job')}/${label('instance')} was not scraped: what it watches is not watched now`,
  action:
    'Open /targets in Prometheus and read the error beside the target. Restart the exporter, or mend the address.',
})

const failing = [postgresVitals, redisVitals, reservationsVitals].map(({ success }) => eq(instant(success), 0))

export const collectorFailing = alert({
  name: 'CollectorFailing',
  expr: failing.reduce((all, one) => or(all, one)),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Collector ${label('collector')} of ${label('job')}/${label('instance')} fails: its metrics and alerts are blind`,
  action: "The exporter's log says why, and names the statement or the grant that mends it.",
})

export const stackAlerts: readonly Alert[] = [apiDown, targetDown, collectorFailing]

/** The name of the alert that always fires. When it stops arriving, the way to the page is broken somewhere. */
export const heartbeatName = 'Watchdog'

export const heartbeat: Alert = Object.freeze({
  alert: heartbeatName,
  expr: vector(1).promql,
  for: '1s',
  labels: Object.freeze({}),
  annotations: Object.freeze({
    summary: 'Always fires, to show that Prometheus and Alertmanager reach whoever watches them',
    action: 'Nothing, while it arrives. Whoever stops receiving it pages on-call: alerts no longer get through.',
  }),
})
