import { postgresVitals } from '../../exporters/postgres/index.ts'
import { surveyAge, surveyInterval, surveySuccess } from '../../exporters/postgres/survey.ts'
import { redisVitals } from '../../exporters/redis/index.ts'
import { reservationsVitals } from '../../exporters/reservations/index.ts'
import { residentMemory } from '../../exporters/service/runtime/runtime-metrics.ts'
import type { Gauge, TargetLabel } from '../../metrics/metric.ts'
import {
  and,
  avgOverTime,
  complement,
  div,
  type Expr,
  eq,
  gt,
  maxOverTime,
  minOverTime,
  or,
} from '../../metrics/promql.ts'
import { alert } from '../alert.ts'

type Of = Expr<'collector' | TargetLabel>
const ofEachKind = (judge: (success: Gauge<'collector'>) => Of): Of =>
  [postgresVitals, redisVitals, reservationsVitals]
    .map(({ success }) => judge(success))
    .reduce((all, one) => or(all, one))

const whyItFails = {
  look: 'Which statement failed, and the grant that mends it',
  shell: "docker compose logs --since 1h exporter | grep -E 'failed|grant' | tail -20",
} as const

export const collectorFailing = alert({
  name: 'CollectorFailing',
  expr: ofEachKind((success) => eq(maxOverTime(success, '2m'), 0)),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Collector ${label('collector')} of ${label('job')}/${label('instance')} fails: its metrics and alerts are blind`,
  action: "The exporter's log says why, and names the statement or the grant that mends it.",
  runbook: {
    meaning:
      'One collector of the exporter failed in every scrape of ten minutes, while the target as a whole could be scraped.',
    impact: 'Its metrics are gone or incomplete. Alerts that read them cannot fire; all others still do.',
    diagnosis: [
      whyItFails,
      {
        look: 'What it says now, by itself',
        shell: "curl -s 'http://127.0.0.1:9464/metrics/postgres/main' | grep -E 'scrape_collector_success.* 0$'",
      },
      {
        look: 'Whether the login may read the statistics (PostgreSQL)',
        sql: "select current_user, pg_has_role(current_user, 'pg_monitor', 'member') as may_read_statistics;",
      },
      { look: 'What the login may call (Redis)', shell: 'redis-cli -u "$REDIS_URL" acl whoami' },
    ],
    mitigation: [
      'permission denied: run the grant that the log names.',
      'statement timeout: what it reads is large or locked; see PostgresBlockedSessions and the limits in config/targets.ts.',
      'A relation or a column does not exist: the schema was changed; tell the team that owns it.',
    ],
  },
})

export const collectorUnreliable = alert({
  name: 'CollectorUnreliable',
  threshold: { is: '10 %', least: '2 %', most: '80 %', source: 'ours, as for TargetUnreliable' },
  // One that fails all the time is told by CollectorFailing.
  expr: (threshold) =>
    ofEachKind((success) =>
      and(gt(complement(avgOverTime(success, '1h')), threshold), eq(maxOverTime(success, '5m'), 1)),
    ),
  for: '15m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Collector ${label('collector')} of ${label('job')}/${label('instance')} failed in ${value.percent} of the scrapes of an hour`,
  action: "The exporter's log says what failed. Mostly it is a timeout: what the collector reads is locked or large.",
  runbook: {
    meaning: 'One collector failed in more than the threshold of the scrapes of an hour, and succeeded in between.',
    impact:
      'Gaps in its metrics: alerts that wait for a condition to hold start again at each, and fire late or never.',
    diagnosis: [
      whyItFails,
      {
        look: 'How long it takes, at most',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=max_over_time(pg_scrape_collector_duration_seconds[1h]) > 1' | jq -r '.data.result[] | [.metric.collector, .value[1]] | @tsv'",
      },
      {
        look: 'Who holds locks that it waits for',
        sql: "select pid, wait_event, pg_blocking_pids(pid) as blocked_by, left(query, 80) as query from pg_stat_activity where application_name = 'techplus-exporter' and wait_event_type = 'Lock';",
      },
    ],
    mitigation: [
      'Locked: move the job that takes exclusive locks (VACUUM FULL, ALTER TABLE) out of the busy hours.',
      'Large: lower `limits` of the target in config/targets.ts.',
    ],
  },
})

export const surveyStale = alert({
  name: 'SurveyStale',
  threshold: {
    is: '300 %',
    least: '150 %',
    most: '2000 %',
    source: 'ours: one attempt that fails leaves an answer of two intervals, two leave three',
  },
  // One that fails is told by CollectorFailing. What hangs, or was never begun, fails nowhere.
  expr: (threshold) =>
    and(
      gt(div(minOverTime(surveyAge, '5m'), maxOverTime(surveyInterval, '5m')), threshold),
      eq(minOverTime(surveySuccess, '5m'), 1),
    ),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The survey ${label('survey')} of ${label('datname')} on ${label('instance')} is ${value.percent} of its interval old: what is shown is out of date`,
  action:
    'Look for the connection of the exporter that does it: it waits or is stuck. Restarting the exporter begins all surveys anew.',
  runbook: {
    meaning:
      'What is too costly for every scrape (sizes of files, bloat, missing indexes) is found by a survey at a pace of its own. ' +
      'Its last answer is older than the threshold allows, and nothing says that an attempt failed: it hangs.',
    impact: 'Alerts on sizes, bloat and indexes judge what was true hours ago.',
    diagnosis: [
      {
        look: 'What the exporter is doing in PostgreSQL',
        sql: "select pid, datname, state, wait_event_type, wait_event, now() - state_change as since, left(query, 80) as query from pg_stat_activity where application_name = 'techplus-exporter' order by 6 desc;",
      },
      {
        look: 'How old each answer is',
        shell: 'curl -s http://127.0.0.1:9464/metrics/postgres/main | grep ^pg_survey',
      },
    ],
    mitigation: [
      'Its statement waits for a lock: end the session that holds it, or let it finish.',
      'No connection of it is there: docker compose restart exporter, and report it: an attempt must end or fail.',
    ],
  },
})

export const exporterMemoryHigh = alert({
  name: 'ExporterMemoryHigh',
  threshold: {
    is: '512 MiB',
    least: '150 MiB',
    most: '8 GiB',
    source:
      'ours: a scrape of 145,000 series takes 133 MiB (exporters/heap.ts), so that this is four times a very large one',
  },
  expr: (threshold) => gt(minOverTime(residentMemory.where({ job: 'exporter' }), '5m'), threshold),
  for: '30m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) => `${label('instance')} holds ${value.bytes} of memory`,
  action: 'See whether it still rises. Restart it if it does, and lower `limits` in config/targets.ts if it does not.',
  runbook: {
    meaning: 'The exporter held more memory than the threshold for half an hour, at each scrape.',
    impact:
      'Memory that the database on the same machine lacks. If the kernel ends the exporter, everything it reads is unwatched until it is back.',
    diagnosis: [
      {
        look: 'How it rose over the last day',
        shell:
          'promtool query range --start="$(date -d \'-1 day\' +%s)" --step=1h http://127.0.0.1:9090 \'process_resident_memory_bytes{job="exporter"}\'',
      },
      {
        look: 'How many series it serves',
        shell:
          'for one in postgres/main reservations/main redis/cache; do curl -s "http://127.0.0.1:9464/metrics/$one" | grep -vc "^#"; done',
      },
    ],
    mitigation: [
      'Very many series: lower `limits` of the target in config/targets.ts.',
      'It rises without end: docker compose restart exporter, and report it with the graph.',
    ],
  },
})
