import { gauge } from '../../metrics/metric.ts'

export const restartHealthy = gauge({
  name: 'restart_healthy',
  counts: 'services',
  help: 'Whether the API was healthy when the last run ended (1) or not (0)',
})
export const restartAttempts = gauge({
  name: 'restart_attempts',
  counts: 'restarts',
  help: 'How many restarts were tried in the last outage, or in the one that goes on; 0 where it came back by itself',
})
export const restartGaveUp = gauge({
  name: 'restart_gave_up',
  counts: 'services',
  help: 'Whether the API is down and is not restarted any more (1), or not (0)',
})
export const lastRestart = gauge({
  name: 'restart_last_restart_timestamp_seconds',
  help: 'Unix time at which the API was restarted last; no series before the first time',
})

/** What a run of the restart tells of. */
export const restartMeasures = [restartHealthy, restartAttempts, restartGaveUp, lastRestart] as const
