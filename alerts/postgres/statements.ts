import { maxStatements } from '../../exporters/postgres/settings.ts'
import { allStatementSeconds, statementsTracked } from '../../exporters/postgres/statement-totals.ts'
import { statementCalls, statementSeconds } from '../../exporters/postgres/statements.ts'
import { remainder } from '../../exporters/reading.ts'
import { not } from '../../metrics/metric.ts'
import { and, div, gt, gte, instant, lte, maxOverTime, rate } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert, boundary } from '../alert.ts'

/** Without the remainder: it is no statement, and falls when one of them grows. */
const seconds = statementSeconds.where({ queryid: not(remainder) })
const calls = statementCalls.where({ queryid: not(remainder) })

const costliest = {
  look: 'What costs most, with its text',
  sql: 'select queryid, calls, round(mean_exec_time::numeric, 1) as mean_ms, round(total_exec_time::numeric / 1000) as total_s, left(query, 200) as query from pg_stat_statements order by total_exec_time desc limit 10;',
} as const

/** Of every second this much, or a statement is not slow but rare: one slow report a day is nobody's problem. Ours. */
const notable = 0.1
const mean = div(rate(seconds, '5m'), rate(calls, '5m'))

export const postgresSlowStatement = alert({
  name: 'PostgresSlowStatement',
  threshold: {
    is: '1 s',
    least: '5 ms',
    most: '10 min',
    source: 'ours: twice what 99 % of requests are promised to take',
  },
  expr: (threshold) => and(gt(mean, threshold), gt(rate(seconds, '5m'), notable)),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Statement ${label('queryid')} of ${label('user')} in ${label('datname')} takes ${value.duration} on average`,
  action: ({ label }) =>
    `Read it: select query from pg_stat_statements where queryid = ${label('queryid')}. EXPLAIN (ANALYZE, BUFFERS) it on ` +
    'a copy; look for a missing index, stale statistics (ANALYZE) or a plan that changed with a deploy.',
  runbook: {
    meaning:
      'One statement took longer than this on average over five minutes, and a tenth of a second or more of every second. From pg_stat_statements: its time on the server, waits for locks included.',
    impact: 'Whoever waits for it waits that long; its connection is missing from the pool meanwhile.',
    diagnosis: [
      {
        look: 'The slowest, with what they read and spill',
        sql: 'select queryid, calls, round(mean_exec_time::numeric, 1) as mean_ms, round(max_exec_time::numeric, 1) as max_ms, shared_blks_read, temp_blks_written, left(query, 200) as query from pg_stat_statements where calls > 1 order by mean_exec_time desc limit 10;',
      },
      {
        look: 'Whether it waits rather than works (Lock, IO)',
        sql: "select pid, wait_event_type, wait_event, now() - query_start as since, left(query, 200) as query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() order by query_start;",
      },
      {
        look: 'Whether its tables were analysed since they grew',
        sql: 'select relname, seq_scan, idx_scan, n_live_tup, n_mod_since_analyze, last_analyze, last_autoanalyze from pg_stat_user_tables order by n_mod_since_analyze desc limit 10;',
      },
    ],
    mitigation: [
      'Stale statistics: ANALYZE the tables it reads.',
      'A missing index: EXPLAIN shows a Seq Scan that throws most rows away; CREATE INDEX CONCURRENTLY.',
      'New since a deploy: go back, or switch its feature off.',
      'It waits for a lock: see PostgresSessionsBlocked.',
    ],
  },
})

/** Seconds of every second: a session that is busy all the time. Below it, a large share of little is no load. Ours. */
const busySession = 1

export const postgresStatementDominates = alert({
  name: 'PostgresStatementDominates',
  threshold: { is: '50 %', least: '5 %', most: '100 %', source: 'ours: half of what the server does' },
  expr: (threshold) =>
    and(
      and(
        gt(
          div(rate(seconds, '15m'), rate(allStatementSeconds, '15m'), {
            on: target,
            groupLeft: [],
          }),
          threshold,
        ),
        gt(rate(seconds, '15m'), busySession),
      ),
      // One that is slow has an alert of its own: left is what is fast and asked too often.
      lte(mean, boundary(postgresSlowStatement)),
    ),
  for: '15m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Statement ${label('queryid')} of ${label('user')} in ${label('datname')} takes ${value.percent} of the time that PostgreSQL ${label('instance')} works`,
  action: ({ label }) =>
    `Read it: select calls, mean_exec_time, query from pg_stat_statements where queryid = ${label('queryid')}. It is fast and asked often: ` +
    'look for a loop that asks row by row, and for an answer that could be kept.',
  runbook: {
    meaning:
      'One statement alone takes most of the time of all, and keeps at least one session busy without a pause. On average it is fast: it is its calls.',
    impact:
      'None yet. It is what the server runs out of first when there are more guests, and what an improvement helps most.',
    diagnosis: [
      costliest,
      {
        look: 'How often it is called, compared with what commits: a multiple is a loop in the code',
        sql: 'select (select sum(calls) from pg_stat_statements) as calls, (select sum(xact_commit) from pg_stat_database) as commits;',
      },
    ],
    mitigation: [
      'Ask once for many rows (where id = any($1)) in place of once for each.',
      'Keep the answer in Redis for seconds, if it may be that old.',
      'An index that holds all columns asked for (INCLUDE) halves what a fast statement costs.',
    ],
  },
})

export const postgresStatementsForgotten = alert({
  name: 'PostgresStatementsForgotten',
  threshold: {
    is: '95 %',
    least: '50 %',
    most: '100 %',
    source: 'pg_stat_statements forgets 5 % of its statements whenever it is full: it then goes between 95 % and 100 %',
  },
  expr: (threshold) => gte(div(maxOverTime(statementsTracked, '15m'), instant(maxStatements)), threshold),
  for: '30m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `pg_stat_statements of PostgreSQL ${label('instance')} is ${value.percent} full and forgets statements: what is slow may not be seen`,
  action:
    'Find what makes so many: select left(query, 60), count(*) from pg_stat_statements group by 1 order by 2 desc limit 10. ' +
    'Have that sent with parameters, or raise pg_stat_statements.max (restart).',
  runbook: {
    meaning:
      'The extension holds nearly as many statements as it may. When it is full it forgets the rarest, and their time is missing from all sums.',
    impact:
      'No guest feels it. Totals fall when statements are forgotten, so that rates over them jump, and a slow statement may drop out before anybody sees it.',
    diagnosis: [
      {
        look: 'How full it is',
        sql: "select count(*) as held, current_setting('pg_stat_statements.max') as most from pg_stat_statements(false);",
      },
      {
        look: 'What differs only in its end: lists of values of any length, names made up by a tool',
        sql: 'select left(query, 60) as begins, count(*) from pg_stat_statements group by 1 order by 2 desc limit 10;',
      },
    ],
    mitigation: [
      'where id in ($1, $2, ...) of every length is a statement for each: use where id = any($1).',
      'Tables or schemas made for a moment: each time they are new statements; use temporary names that stay the same, or pg_stat_statements.track_utility = off.',
      'Raise pg_stat_statements.max; it takes a restart. select pg_stat_statements_reset(); begins anew for now.',
    ],
  },
})

export const statementAlerts: readonly Alert[] = [
  postgresSlowStatement,
  postgresStatementDominates,
  postgresStatementsForgotten,
]
