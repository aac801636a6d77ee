import { boundary } from '../alerts/alert.ts'
import { jobOverdue, schedulerGone } from '../alerts/jobs/schedule.ts'
import {
  jobDue,
  jobEnabled,
  jobLastDuration,
  jobLastEnd,
  jobLastOutcome,
  jobLastSuccess,
  jobProgressed,
  jobRunning,
  jobRuns,
  schedulerSeen,
} from '../exporters/jobs/metrics.ts'
import type { Outcome } from '../exporters/jobs/record.ts'
import { not } from '../metrics/metric.ts'
import { eq, increase, instant, max, min, mul, round, secondsSince, secondsUntil, sum } from '../metrics/promql.ts'
import type { Meaning, Names } from './colour.ts'
import { row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { detail, table } from './table.ts'
import { uids } from './uids.ts'
import { maintenanceJob } from './variables.ts'

const by = ['job_name'] as const
/** The table lists all of them, and leads to the charts of one. */
const chosen = { job_name: maintenanceJob.selected }
const milliseconds = 1_000

const onOrOff: Names = { 0: { text: 'OFF', is: 'muted' }, 1: { text: 'ON', is: 'good' } }
const idleOrNot: Names = { 0: { text: 'IDLE', is: 'muted' }, 1: { text: 'RUNS', is: 'neutral' } }
/** What became of a run, wherever it is shown. */
const outcomeColours = {
  succeeded: 'good',
  failed: 'bad',
  timed_out: 'bad',
  killed: 'bad',
  refused: 'warning',
  undecided: 'warning',
  stopped: 'notice',
} as const satisfies Record<Outcome, Meaning>

const neverRan = 'No job has run yet'
const nothingDue = 'No job that is on has a schedule'
const nothingRuns = 'No job runs now'

export const runs = row('Do the jobs run?', [
  stat({
    title: 'Scheduler',
    description: `How long ago the scheduler of the jobs was there. It leaves a sign every 15 seconds; from ${boundary(schedulerGone)} seconds on none of the jobs runs, and an alert fires.`,
    width: 6,
    unit: 'seconds',
    decimals: 0,
    queries: [
      series(secondsSince(max(instant(schedulerSeen))), '', { emptyWhen: 'No scheduler was ever started here' }),
    ],
    steps: [{ from: boundary(schedulerGone), is: 'bad' }],
  }),
  stat({
    title: 'Jobs that are on',
    description: 'How many of the jobs config/jobs.ts switches on. The others run only once somebody does.',
    width: 6,
    unit: 'count',
    queries: [series(sum(instant(jobEnabled)), '')],
    base: 'neutral',
  }),
  stat({
    title: 'Jobs that run now',
    description: 'How many jobs are under way. The table below says which, and when each got on last.',
    width: 6,
    unit: 'count',
    queries: [series(sum(instant(jobRunning)), '')],
    base: 'neutral',
  }),
  stat({
    title: 'Next run',
    description:
      'How long until the next run is due. Below zero it is overdue: the scheduler is gone, or a run could not begin.',
    width: 6,
    unit: 'seconds',
    decimals: 0,
    queries: [series(secondsUntil(min(instant(jobDue))), '', { emptyWhen: nothingDue })],
    base: 'bad',
    steps: [{ from: -boundary(jobOverdue), is: 'good' }],
  }),
  table({
    title: 'Jobs, and their last runs',
    description:
      'Each job: whether it is on, when it is due, and what became of its last run. `refused` lacked something and changed nothing; `undecided` asks for a decision; `killed` ended without a word. What it said stands in its record, in JOBS_DIR.',
    height: 11,
    rows: { job_name: { title: 'Job', width: 190, opens: { uid: uids.jobs, choose: { job_name: maintenanceJob } } } },
    columns: [
      { title: 'Switched', expr: max(instant(jobEnabled), by), unit: 'plain', names: onOrOff },
      { title: 'Now', expr: max(instant(jobRunning), by), unit: 'plain', names: idleOrNot },
      {
        title: 'Due in',
        expr: secondsUntil(min(instant(jobDue), by)),
        unit: 'seconds',
        decimals: 1,
        base: 'bad',
        steps: [{ from: -boundary(jobOverdue), is: 'muted' }],
        emptyWhen: nothingDue,
      },
      detail(
        { outcome: { title: 'Last run', colours: outcomeColours } },
        {
          title: 'Ended',
          expr: mul(
            mul(max(eq(instant(jobLastOutcome), 1), [...by, 'outcome']), max(instant(jobLastEnd), by), {
              on: by,
              groupLeft: [],
            }),
            milliseconds,
          ),
          unit: 'timeAgo',
          emptyWhen: neverRan,
        },
      ),
      {
        title: 'Succeeded last',
        expr: mul(max(instant(jobLastSuccess), by), milliseconds),
        unit: 'timeAgo',
        emptyWhen: 'No run has succeeded yet',
      },
      { title: 'Took', expr: max(instant(jobLastDuration), by), unit: 'seconds', decimals: 1, emptyWhen: neverRan },
      {
        title: 'Quiet for',
        expr: secondsSince(max(instant(jobProgressed), by)),
        unit: 'seconds',
        decimals: 0,
        emptyWhen: nothingRuns,
      },
    ],
    sortBy: 'Job',
  }),
  timeseries({
    title: 'Runs within a day, by outcome',
    description:
      'How the runs of the 24 hours before ended, of all jobs but the restart, which looks every minute. Anything but `succeeded` stands in the table above with its job.',
    // What ran a moment ago is to be there, however long the day that each point reads.
    coarsest: '1m',
    unit: 'count',
    min: 0,
    queries: [
      // A value a minute of it is enough: a week of points is asked for.
      series(
        round(sum(increase(jobRuns.where({ job_name: not('restart') }), '1d', { every: '1m' }), ['outcome'])),
        ({ label }) => label('outcome'),
      ),
    ],
    colours: outcomeColours,
    legend: 'table',
  }),
  timeseries({
    title: 'How long runs took',
    description: 'The last run of each chosen job. One that grows from week to week meets its timeout some day.',
    unit: 'seconds',
    min: 0,
    queries: [
      series(max(instant(jobLastDuration.where(chosen)), by), ({ label }) => label('job_name'), {
        emptyWhen: neverRan,
      }),
    ],
    legend: 'table',
  }),
])
