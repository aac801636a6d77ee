import { backupNewest } from '../exporters/jobs/backup.ts'
import { deployed } from '../exporters/jobs/update.ts'
import { startTime as postgresStarted } from '../exporters/postgres/postmaster.ts'
import { startTime as redisStarted } from '../exporters/redis/server.ts'
import { processStartTime } from '../exporters/service/runtime/runtime-metrics.ts'
import { alerts } from '../metrics/foreign.ts'
import { matches } from '../metrics/metric.ts'
import { type Expr, gt, instant, max, mul, or } from '../metrics/promql.ts'
import type { Mark } from './model.ts'
import { series } from './query.ts'

/** Of Unix times, where there is one: nothing happened in 1970. */
const moments = <Label extends string>(of: Expr<Label>) => series(mul(gt(of, 0), 1_000), '')

const server = ['job', 'instance'] as const

/** When the job update brought the API to another version. */
const deployments: Mark = {
  title: 'Deployment',
  query: moments(max(instant(deployed), ['version'])),
  says: '{{version}}',
  is: 'neutral',
}

/** When what users wait for began anew. Programs that only watch it are left out: they stop nobody's request. */
const restarts: Mark = {
  title: 'Start',
  query: moments(
    [postgresStarted, redisStarted]
      .map((started) => max(instant(started), server))
      .reduce((all, one) => or(all, one), max(instant(processStartTime.where({ job: 'api' })), server)),
  ),
  says: '{{job}} {{instance}}',
  is: 'notice',
}

/** Of when the data in the newest good backup is, wherever it lies: a backup that works is a load as well. */
const backups: Mark = {
  title: 'Backup',
  query: moments(max(instant(backupNewest), ['kind'])),
  says: '{{kind}}',
  is: 'good',
}

/** What somebody had to look at soon. All alerts would cover the charts that are to explain them. */
const urgent: Mark = {
  title: 'Alert',
  query: series(
    max(instant(alerts.where({ alertstate: 'firing', severity: matches('critical|high') })), [
      'alertname',
      'severity',
      'instance',
    ]),
    '',
  ),
  lasts: true,
  says: '{{alertname}}',
  tags: ['severity', 'instance'],
  is: 'bad',
}

/** What is marked on the charts of every dashboard of ours: what happened explains what is seen behind it. */
export const marks: readonly Mark[] = [deployments, restarts, backups, urgent]
