import { databaseTempBytes } from '../../exporters/postgres/databases.ts'
import { blockSize } from '../../exporters/postgres/settings.ts'
import { sessionSpill } from '../../exporters/postgres/spill.ts'
import { statementTempBlocks } from '../../exporters/postgres/statements.ts'
import { remainder } from '../../exporters/reading.ts'
import { not } from '../../metrics/metric.ts'
import { gt, increase, instant, mul, sum, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert, boundary } from '../alert.ts'

/** Bytes within a quarter of an hour. */
const spilled = (blocks: ReturnType<typeof statementTempBlocks.where>) =>
  mul(increase(blocks, '15m'), instant(blockSize), { on: target, groupLeft: [] })

export const postgresStatementSpills = alert({
  name: 'PostgresStatementSpills',
  threshold: {
    is: '1 GiB',
    least: '1 MiB',
    most: '10 TiB',
    source: 'ours: a megabyte of every second for a quarter of an hour',
  },
  expr: (threshold) => gt(spilled(statementTempBlocks.where({ queryid: not(remainder) })), threshold),
  for: '5m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Statement ${label('queryid')} of ${label('user')} in ${label('datname')} wrote ${value.bytes} to temporary files within 15 minutes`,
  action: ({ label }) =>
    `Read it: select query from pg_stat_statements where queryid = ${label('queryid')}. EXPLAIN (ANALYZE, BUFFERS) it on a copy: ` +
    '"external merge" and "Batches" above 1 spill. An index in the order it sorts by avoids it; more work_mem for its role hides it.',
  runbook: {
    meaning: 'Its sorts, hashes or materialised parts do not fit into work_mem and go through the disk.',
    impact: 'It takes several times as long as in memory, and its writing slows down everybody else on that disk.',
    diagnosis: [
      {
        look: 'What spills most',
        sql: 'select queryid, calls, pg_size_pretty(temp_blks_written * 8192) as spilled, left(query, 200) as query from pg_stat_statements where temp_blks_written > 0 order by temp_blks_written desc limit 10;',
      },
      {
        look: 'How much memory a sort or a hash may take',
        sql: "select name, setting, unit from pg_settings where name in ('work_mem', 'hash_mem_multiplier', 'maintenance_work_mem');",
      },
    ],
    mitigation: [
      'Ask for less: fewer columns, a LIMIT, a filter before the sort.',
      'An index in the order of its ORDER BY or GROUP BY.',
      "For a report of its own role: ALTER ROLE name SET work_mem = '64MB'. Each sort and hash of each session may take that much.",
    ],
  },
})

export const postgresDatabaseSpills = alert({
  name: 'PostgresDatabaseSpills',
  threshold: { is: '4 GiB', least: '16 MiB', most: '10 TiB', source: 'ours: four times what one statement may' },
  expr: (threshold) =>
    unless(
      gt(sum(increase(databaseTempBytes.where({ datname: not('') }), '15m'), [...target, 'datname']), threshold),
      // The remainder is of no database, and excuses none.
      gt(spilled(statementTempBlocks), boundary(postgresStatementSpills)),
      { on: [...target, 'datname'] },
    ),
  for: '5m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} wrote ${value.bytes} of temporary files within 15 minutes, no statement most of it`,
  action:
    "Many statements spill, or one that is not told by itself: compare work_mem with what they write (log_temp_files = '10MB' logs each), and raise it with memory in mind.",
  runbook: {
    meaning:
      'All queries of the database together, the making of indexes included. No single statement is above the threshold of PostgresStatementSpills.',
    impact: 'Everything that sorts is slower than it need be, and the disk busier.',
    diagnosis: [
      {
        look: 'Which databases, since when',
        sql: 'select datname, temp_files, pg_size_pretty(temp_bytes) as spilled, stats_reset from pg_stat_database where temp_files > 0 order by temp_bytes desc;',
      },
      {
        look: 'What spills',
        sql: 'select queryid, calls, pg_size_pretty(temp_blks_written * 8192 / greatest(calls, 1)) as each, left(query, 200) as query from pg_stat_statements where temp_blks_written > 0 order by temp_blks_written desc limit 10;',
      },
    ],
    mitigation: [
      "Raise work_mem to what most of them write each, if sessions times that fits into memory: ALTER SYSTEM SET work_mem = '16MB'; select pg_reload_conf();",
      'It was an index or a restore: raise maintenance_work_mem for that session the next time.',
    ],
  },
})

export const postgresQueryFillsDisk = alert({
  name: 'PostgresQueryFillsDisk',
  threshold: {
    is: '10 GiB',
    least: '100 MiB',
    most: '10 TiB',
    source: 'ours: many times the database of the reservation service',
  },
  expr: (threshold) =>
    gt(
      sum(instant(sessionSpill.where({ queryid: not(remainder) })), [
        ...target,
        'datname',
        'usename',
        'application_name',
      ]),
      threshold,
    ),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('application_name')} (${label('usename')} in ${label('datname')}) holds ${value.bytes} of temporary files on PostgreSQL ${label('instance')}`,
  action: ({ label }) =>
    `See what runs: select pid, now() - query_start, query from pg_stat_activity where application_name = '${label('application_name')}' and state = 'active'. ` +
    'Unless it must end, pg_cancel_backend(pid): its files go at once.',
  runbook: {
    meaning:
      'Queries that run now have written that much to temporary files, by the names of the files: no counter tells of them before they end.',
    impact: 'Where temporary files and data share a disk and it fills up, every write fails and the server may stop.',
    diagnosis: [
      {
        look: 'The files, the largest first; the number in their names is the process',
        sql: 'select name, pg_size_pretty(size) as size, modification from pg_ls_tmpdir() order by pg_ls_tmpdir.size desc limit 10;',
      },
      {
        look: 'What these processes do',
        sql: "select pid, usename, application_name, now() - query_start as since, left(query, 200) as query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() order by query_start limit 20;",
      },
    ],
    mitigation: [
      'Cancel it: select pg_cancel_backend(pid).',
      "Keep any from doing it again: ALTER ROLE name SET temp_file_limit = '5GB' (as a superuser).",
      'A join without its condition makes rows without end: read the query before it runs again.',
    ],
  },
})

export const spillAlerts: readonly Alert[] = [postgresStatementSpills, postgresDatabaseSpills, postgresQueryFillsDisk]
