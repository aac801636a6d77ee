import { counter, gauge } from '../metric.ts'

export const alertmanagerReloaded = gauge({
  name: 'alertmanager_config_last_reload_successful',
  peer: 'alertmanager',
  help: 'Whether the configuration was taken when it was read last (1) or not (0)',
})

/** From 0.26 on each integration has a series for each `reason` as well: sum over it. */
export const notifications = counter({
  name: 'alertmanager_notifications_total',
  peer: 'alertmanager',
  help: 'Notifications that were to be sent',
  labels: ['integration'],
})

export const notificationsFailed = counter({
  name: 'alertmanager_notifications_failed_total',
  peer: 'alertmanager',
  help: 'Notifications that could not be sent',
  labels: ['integration'],
})
