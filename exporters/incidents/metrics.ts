import { counter, gauge, histogram } from '../../metrics/metric.ts'

/** An incident is of the severity, and belongs to the team, that its alert names. */
const by = ['severity', 'owner'] as const
const second = 1
const minute = 60 * second
const hour = 60 * minute

/** Finer than a notification waits for others of its group, and up to what waits for business hours. */
const untilTold = [
  ...[second, 5 * second, 15 * second, 30 * second],
  ...[minute, 2 * minute, 5 * minute, 15 * minute, hour, 4 * hour, 24 * hour, 72 * hour],
] as const
/** The response times of all severities are among the bounds, so that the share answered in time can be read from them. */
const untilAnswered = [
  ...[minute, 5 * minute, 15 * minute, 30 * minute],
  ...[hour, 2 * hour, 4 * hour, 8 * hour, 24 * hour, 48 * hour, 72 * hour, 168 * hour],
] as const

export const incidentsTotal = counter({
  name: 'incidents_total',
  help: 'Incidents: alerts that somebody was told of, each counted once from the first notification until it is over',
  labels: by,
})
export const incidentsOpen = gauge({
  name: 'incidents_open',
  counts: 'incidents',
  help: 'Incidents that are not over: `waiting` for an answer, `acknowledged`, or `late` as nobody answered in time',
  labels: [...by, 'response'],
})
export const timeToNotify = histogram({
  name: 'incident_time_to_notify_seconds',
  help: 'From the moment an alert fires to its first notification',
  labels: by,
  buckets: untilTold,
})
export const timeToAcknowledge = histogram({
  name: 'incident_time_to_acknowledge_seconds',
  help: 'From the moment an alert fires to the first silence that covers it; of acknowledged incidents only',
  labels: by,
  buckets: untilAnswered,
})
export const timeToResolve = histogram({
  name: 'incident_time_to_resolve_seconds',
  help: 'From the moment an alert fires to its end; of incidents that are over',
  labels: by,
  buckets: untilAnswered,
})
export const responseMet = counter({
  name: 'sla_response_met_total',
  help: 'Incidents that were acknowledged, or over, before the response time of their severity ran out',
  labels: by,
})
export const responseBreached = counter({
  name: 'sla_response_breached_total',
  help: 'Incidents that were neither acknowledged nor over when the response time of their severity ran out',
  labels: by,
})

/**
 * One series for each alert with a severity that Alertmanager holds to be active, also one that nobody was told of as it
 * was silenced from the start, and for each open incident. It has all labels of that alert, others besides those named here. A label that the alert does not have stands in it empty, so that the scrape
 * (`honor_labels`) adds none.
 */
export const alertAcknowledged = gauge({
  name: 'alert_acknowledged',
  counts: 'alerts',
  help: 'Whether a silence covers the alert now (1) or not (0)',
  labels: ['alertname', 'severity', 'owner'],
})
export const acknowledgedUntil = gauge({
  name: 'alert_acknowledged_until_timestamp_seconds',
  help: 'Unix time at which the last silence that covers an alert ends, and who made it; only of alerts that are covered',
  labels: ['alertname', 'severity', 'owner', 'created_by'],
})

export const deliveriesTotal = counter({
  name: 'incidents_deliveries_total',
  help: "Notifications of Alertmanager: `recorded`, `refused` as they were not Alertmanager's, `failed` as they could not be kept",
  labels: ['result'],
})
export const alertmanagerUp = gauge({
  name: 'incidents_alertmanager_up',
  counts: 'Alertmanagers',
  help: 'Whether Alertmanager told its alerts and silences when it was asked last (1) or not (0)',
})
export const ledgerUp = gauge({
  name: 'incidents_ledger_up',
  counts: 'ledgers',
  help: 'Whether incidents could be kept at the last attempt (1) or not (0)',
})
