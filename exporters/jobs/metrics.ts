import { counter, gauge } from '../../metrics/metric.ts'

/** `job` is Prometheus' own: as kube-state-metrics has it. */
const labels = ['job_name'] as const

export const jobEnabled = gauge({
  name: 'maintenance_job_enabled',
  counts: 'jobs',
  help: 'Whether config/jobs.ts lets the job run (1) or not (0)',
  labels,
})
export const jobDue = gauge({
  name: 'maintenance_job_due_timestamp_seconds',
  help: 'Unix time at which the first run that did not happen yet has to start; only of jobs that are on and have a schedule',
  labels,
})
export const jobRunning = gauge({
  name: 'maintenance_job_running',
  counts: 'jobs',
  help: 'Whether the job runs (1) or not (0)',
  labels,
})
export const jobStarted = gauge({
  name: 'maintenance_job_running_since_timestamp_seconds',
  help: 'Unix time at which the run that goes on was started',
  labels,
})
export const jobProgressed = gauge({
  name: 'maintenance_job_progress_timestamp_seconds',
  help: 'Unix time of the last sign of progress of the run that goes on',
  labels,
})
export const jobMayBeQuiet = gauge({
  name: 'maintenance_job_quiet_limit_seconds',
  help: 'Without a sign of progress for so long a run counts as hanging',
  labels,
})
export const jobTimeLimit = gauge({
  name: 'maintenance_job_timeout_seconds',
  help: 'After so long a run is stopped',
  labels,
})
export const jobRuns = counter({
  name: 'maintenance_job_runs_total',
  help: 'Runs that are over, by what became of them: succeeded, failed, refused, undecided, timed_out, stopped or killed',
  labels: [...labels, 'outcome'],
})
export const jobLastStart = gauge({
  name: 'maintenance_job_last_start_timestamp_seconds',
  help: 'Unix time at which the last run that is over was started',
  labels,
})
export const jobLastEnd = gauge({
  name: 'maintenance_job_last_end_timestamp_seconds',
  help: 'Unix time at which the last run was over',
  labels,
})
export const jobLastSuccess = gauge({
  name: 'maintenance_job_last_success_timestamp_seconds',
  help: 'Unix time at which the last run that succeeded was over',
  labels,
})
export const jobLastDuration = gauge({
  name: 'maintenance_job_last_duration_seconds',
  help: 'How long the last run took',
  labels,
})
export const jobLastOutcome = gauge({
  name: 'maintenance_job_last_outcome',
  counts: 'jobs',
  help: 'What became of the last run: 1 for that outcome, 0 for all others',
  labels: [...labels, 'outcome'],
})
export const schedulerSeen = gauge({
  name: 'maintenance_scheduler_seen_timestamp_seconds',
  help: 'Unix time at which the scheduler of the jobs was there last',
})

/** What is told of every job. */
export const everyJob = [
  jobEnabled,
  jobDue,
  jobRunning,
  jobStarted,
  jobProgressed,
  jobMayBeQuiet,
  jobTimeLimit,
  jobRuns,
  jobLastStart,
  jobLastEnd,
  jobLastSuccess,
  jobLastDuration,
  jobLastOutcome,
  schedulerSeen,
] as const
