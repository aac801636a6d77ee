import { type Counter, counter, gauge, type Series, type TargetLabel } from '../metric.ts'

const group = ['rule_group'] as const

export const ruleFailures = counter({
  name: 'prometheus_rule_evaluation_failures_total',
  peer: 'prometheus',
  help: 'Evaluations of a rule that failed',
  labels: group,
})
export const ruleIterationsMissed = counter({
  name: 'prometheus_rule_group_iterations_missed_total',
  peer: 'prometheus',
  help: 'Evaluations of a group that were left out, because the one before had not ended',
  labels: group,
})
export const ruleGroupDuration = gauge({
  name: 'prometheus_rule_group_last_duration_seconds',
  peer: 'prometheus',
  help: 'How long the last evaluation of a group took',
  labels: group,
})
export const ruleGroupInterval = gauge({
  name: 'prometheus_rule_group_interval_seconds',
  peer: 'prometheus',
  help: 'How often a group is evaluated',
  labels: group,
})
export const prometheusReloaded = gauge({
  name: 'prometheus_config_last_reload_successful',
  peer: 'prometheus',
  help: 'Whether the configuration was taken when it was read last (1) or not (0)',
})

// From 3.8 on each Alertmanager has a queue, and its series a label of that name: sum, or take the worst.
export const alertmanagersDiscovered = gauge({
  name: 'prometheus_notifications_alertmanagers_discovered',
  peer: 'prometheus',
  help: 'Alertmanagers that alerts are sent to',
})
export const notificationsDropped = counter({
  name: 'prometheus_notifications_dropped_total',
  peer: 'prometheus',
  help: 'Alerts that no Alertmanager took, or that found no place in the queue',
})
export const notificationQueueLength = gauge({
  name: 'prometheus_notifications_queue_length',
  peer: 'prometheus',
  help: 'Alerts that wait to be sent',
})
export const notificationQueueCapacity = gauge({
  name: 'prometheus_notifications_queue_capacity',
  peer: 'prometheus',
  help: 'Alerts that may wait',
})

const failures = <const Name extends string>(name: Name, help: string) => counter({ name, peer: 'prometheus', help })

export const blockReloadsFailed = failures(
  'prometheus_tsdb_reloads_failures_total',
  'Times that the blocks on disk could not be read again',
)
export const compactionsFailed = failures(
  'prometheus_tsdb_compactions_failed_total',
  'Times that blocks could not be written or merged',
)
export const checkpointsFailed = failures(
  'prometheus_tsdb_checkpoint_creations_failed_total',
  'Times that the write-ahead log could not be shortened',
)
export const walWritesFailed = failures(
  'prometheus_tsdb_wal_writes_failed_total',
  'Writes to the write-ahead log that failed',
)
export const walCorruptions = failures(
  'prometheus_tsdb_wal_corruptions_total',
  'Damages found in the write-ahead log, nearly always while it is read at the start',
)
export const headSeries = gauge({
  name: 'prometheus_tsdb_head_series',
  peer: 'prometheus',
  help: 'Series in memory',
})

export const scrapesOverSampleLimit = failures(
  'prometheus_target_scrapes_exceeded_sample_limit_total',
  'Scrapes thrown away because of `sample_limit`',
)
export const scrapesOverBodyLimit = failures(
  'prometheus_target_scrapes_exceeded_body_size_limit_total',
  'Scrapes thrown away because of `body_size_limit`',
)
export const scrapesOverLabelLimit = failures(
  'prometheus_target_scrape_pool_exceeded_label_limits_total',
  'Scrapes thrown away because of `label_limit` and its like',
)
export const poolsOverTargetLimit = failures(
  'prometheus_target_scrape_pool_exceeded_target_limit_total',
  'Times that a job was left out because of `target_limit`',
)
export const samplesDuplicate = failures(
  'prometheus_target_scrapes_sample_duplicate_timestamp_total',
  'Samples thrown away: the same series twice in a scrape, with different values',
)
export const samplesOutOfOrder = failures(
  'prometheus_target_scrapes_sample_out_of_order_total',
  'Samples thrown away: older than what is stored',
)
export const samplesOutOfBounds = failures(
  'prometheus_target_scrapes_sample_out_of_bounds_total',
  'Samples thrown away: their time is too far from now',
)

/** What a counter stands at since its process started: of what is counted before the first scrape, no rise is ever seen. */
export const sinceStart = <Label extends string>({
  name,
  matchers,
}: Counter<Label>): Series<'gauge', Label | TargetLabel> =>
  Object.freeze({ type: 'gauge', name, matchers }) as unknown as Series<'gauge', Label | TargetLabel>
