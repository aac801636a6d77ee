import { cleanupCeilingReached, cleanupLeft, cleanupReindexed, cleanupRemoved } from '../exporters/jobs/cleanup.ts'
import { lastRestart, restartAttempts, restartGaveUp, restartHealthy } from '../exporters/jobs/restart.ts'
import { deployed, rolledBack, schemaAhead } from '../exporters/jobs/update.ts'
import { changes, instant, max, mul } from '../metrics/promql.ts'
import type { Names } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { backups, restores } from './jobs-backups.ts'
import { runs } from './jobs-runs.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'
import { maintenanceJob } from './variables.ts'

const milliseconds = 1_000
const noCleanup = 'No cleanup has run here yet'
const noWatch = 'The job restart has not run here yet'
const noUpdate = 'No update has run here yet'
const what = ['what'] as const

const withinOrOver: Names = { 0: { text: 'WITHIN', is: 'good' }, 1: { text: 'ASKS', is: 'warning' } }
const healthy: Names = { 0: { text: 'UNHEALTHY', is: 'bad' }, 1: { text: 'HEALTHY', is: 'good' } }
const watching: Names = { 0: { text: 'WATCHES', is: 'good' }, 1: { text: 'GAVE UP', is: 'bad' } }
const undone: Names = { 0: { text: 'KEPT', is: 'good' }, 1: { text: 'ROLLED BACK', is: 'warning' } }
const agreeing: Names = { 0: { text: 'AGREES', is: 'good' }, 1: { text: 'AHEAD', is: 'bad' } }

const cleanup = row('What was cleaned up?', [
  table({
    title: 'The last cleanup',
    description:
      'What the last cleanup removed, and what was due and is there still. Over its ceiling it removes none of that kind and asks: its record says how to let it go on.',
    width: 12,
    height: 7,
    rows: { what: 'What' },
    columns: [
      { title: 'Removed', expr: max(instant(cleanupRemoved), what), unit: 'count', decimals: 0, emptyWhen: noCleanup },
      { title: 'Left', expr: max(instant(cleanupLeft), what), unit: 'count', decimals: 0, emptyWhen: noCleanup },
      {
        title: 'Ceiling',
        expr: max(instant(cleanupCeilingReached), what),
        unit: 'plain',
        names: withinOrOver,
        emptyWhen: noCleanup,
      },
    ],
    sortBy: 'Left',
  }),
  timeseries({
    title: 'Removed and rebuilt',
    description: 'What each cleanup removed, by kind, and how many bloated indexes it rebuilt.',
    height: 7,
    unit: 'count',
    min: 0,
    queries: [
      series(max(instant(cleanupRemoved), what), ({ label }) => label('what'), { emptyWhen: noCleanup }),
      series(max(instant(cleanupReindexed)), 'indexes rebuilt', { emptyWhen: noCleanup }),
    ],
  }),
])

const api = row('Is the API restarted, and updated?', [
  stat({
    title: 'API, as the job sees it',
    description: 'Whether the API was healthy when the job restart looked last, which is every minute.',
    width: 6,
    unit: 'plain',
    queries: [series(max(instant(restartHealthy)), '', { emptyWhen: noWatch })],
    names: healthy,
  }),
  stat({
    title: 'Restarting',
    description:
      'GAVE UP: the API did not get healthy by being restarted, and nobody brings it back. Read its log, and start it by hand.',
    width: 6,
    unit: 'plain',
    queries: [series(max(instant(restartGaveUp)), '', { emptyWhen: noWatch })],
    names: watching,
  }),
  stat({
    title: 'Last update',
    description: 'ROLLED BACK: a step of the last update failed, and the version before it runs again.',
    width: 6,
    unit: 'plain',
    queries: [series(max(instant(rolledBack)), '', { emptyWhen: noUpdate })],
    names: undone,
  }),
  stat({
    title: 'Schema',
    description:
      'AHEAD: the code was put back and the schema could not be. The record of the update prints what to do.',
    width: 6,
    unit: 'plain',
    queries: [series(max(instant(schemaAhead)), '', { emptyWhen: noUpdate })],
    names: agreeing,
  }),
  timeseries({
    title: 'Restarts within six hours',
    description:
      'How often the API was restarted within the six hours before, and how many tries the last outage took.',
    height: 7,
    unit: 'count',
    min: 0,
    queries: [
      series(max(changes(lastRestart, '6h')), 'restarts', { emptyWhen: 'The API was never restarted here' }),
      series(max(instant(restartAttempts)), 'tries in the last outage', { emptyWhen: noWatch }),
    ],
  }),
  table({
    title: 'Deployments',
    description: 'The version that the last update that succeeded brought, and when. It is marked on every chart.',
    width: 12,
    height: 7,
    rows: { version: 'Version' },
    columns: [
      {
        title: 'Deployed',
        expr: mul(max(instant(deployed), ['version']), milliseconds),
        unit: 'timeAgo',
        emptyWhen: noUpdate,
      },
    ],
    sortBy: 'Deployed',
  }),
])

export const jobsDashboard = dashboard({
  uid: uids.jobs,
  title: 'Jobs',
  description:
    'Whether the maintenance jobs run, what they left, and whether our data could be got back. Open it when an alert names a job, or a backup.',
  from: 'now-7d',
  variables: [maintenanceJob],
  rows: [runs, backups, restores, cleanup, api],
})
