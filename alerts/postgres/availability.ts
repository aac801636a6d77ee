import { backgroundWriterReset } from '../../exporters/postgres/background-writer.ts'
import { databaseCommits } from '../../exporters/postgres/databases.ts'
import { postgresVitals } from '../../exporters/postgres/index.ts'
import { clusterInfo, startTime } from '../../exporters/postgres/postmaster.ts'
import { isReplica } from '../../exporters/postgres/replication.ts'
import { and, changes, eq, gt, increase, instant, max, min, mul, resets, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'

export const postgresDown = alert({
  name: 'PostgresDown',
  expr: eq(instant(postgresVitals.up), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `PostgreSQL ${label('instance')} does not answer: no reservation can be made or read`,
  action:
    "Read the exporter's log for the reason (refused, login, no answer). Check that the server runs and that its disk is " +
    'not full; then its own log. Fail over or restart it.',
  runbook: {
    meaning:
      'For a minute the server took no connection of the exporter, or answered none of its questions before the deadline of a scrape.',
    impact:
      'Every request that reads or writes the database fails: no booking, no login. Nothing else of this server is measured while it lasts.',
    diagnosis: [
      {
        look: 'Why the exporter could not read it: refused, wrong password, too many connections, no answer',
        shell: "docker compose logs --since 15m exporter | grep 'connection failed'",
      },
      { look: 'Whether it runs, and what it said last', shell: 'docker compose logs --tail 50 postgres' },
      {
        look: 'Whether the disk of its data is full',
        shell: 'docker compose exec postgres df -h /var/lib/postgresql/data',
      },
      { look: 'Whether the kernel killed it for memory', shell: 'journalctl -k --since -1h | grep -i "out of memory"' },
    ],
    mitigation: [
      'Not running: start it, and let crash recovery end ("database system is ready to accept connections"). Do not delete postmaster.pid or anything in pg_wal.',
      'Disk full: make room outside pg_wal (old backups, logs), then start it.',
      'It runs and refuses: out of connections, see PostgresConnectionsExhausted; wrong password, put the right one into the secrets folder.',
      'The machine is lost: promote the standby (select pg_promote();) and point DATABASE_URL at it. Keep the old primary from coming back.',
    ],
  },
})

export const postgresRestarted = alert({
  name: 'PostgresRestarted',
  // Not by its age: a server that is watched for the first time was not restarted.
  expr: gt(changes(startTime, '15m'), 0),
  for: '1s',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) => `PostgreSQL ${label('instance')} was restarted: all sessions and open transactions were lost`,
  action: 'If nobody restarted it on purpose, read what its log says just before "starting PostgreSQL".',
  runbook: {
    meaning: 'The time at which the server says it started changed within the last 15 minutes.',
    impact:
      'Requests under way failed, and its cache is empty: for some minutes everything is slower. If nobody did it on purpose, it will happen again.',
    diagnosis: [
      {
        look: 'Since when it runs, and whether it went down uncleanly: then its statistics begin at the same moment',
        sql: 'select pg_postmaster_start_time() as started, stats_reset as statistics_since from pg_stat_bgwriter;',
      },
      {
        look: 'What it said before: "received fast shutdown request" is a person or a tool, "was not properly shut down" a kill or a power cut',
        shell:
          'docker compose logs --since 30m postgres | grep -iE "shutdown|shut down|starting PostgreSQL|terminated by signal"',
      },
      { look: 'Whether the machine itself restarted', shell: 'uptime -s' },
    ],
    mitigation: [
      'On purpose (update, changed setting): nothing to do.',
      'Killed for memory: lower shared_buffers, work_mem or max_connections, or give it more; keep its memory limit above shared_buffers and all sessions together.',
      'Unclean, on hardware you do not trust: take a backup and restore it elsewhere to see that it is whole.',
    ],
  },
})

/** Both: one set of statistics may be reset by hand, and after a restart they begin anew as well. */
const startedAnew = and(
  gt(increase(backgroundWriterReset, '15m'), 0),
  gt(max(resets(databaseCommits, '15m'), target), 0),
)

export const postgresProcessCrashed = alert({
  name: 'PostgresProcessCrashed',
  expr: unless(startedAnew, gt(changes(startTime, '15m'), 0)),
  for: '1s',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `A process of PostgreSQL ${label('instance')} crashed or was killed: the server ended every session and recovered`,
  action:
    'Find "was terminated by signal" in its log: 9 is mostly the kernel, for memory; 11 or 6 a fault of PostgreSQL or an extension.',
  runbook: {
    meaning:
      'The statistics of the server began anew while the server itself went on: so it does after it lost one of its processes, because shared memory may be damaged. Known by its counters; pg_stat_reset() and pg_stat_reset_shared() by hand look the same.',
    impact:
      'Every session was cut and every open transaction rolled back; bookings under way failed. The statement or the shortage of memory that did it will do it again.',
    diagnosis: [
      {
        look: 'Which process, by which signal, and the statement it ran ("Failed process was running")',
        shell: 'docker compose logs --since 30m postgres | grep -A3 "terminated by signal"',
      },
      {
        look: 'Whether the kernel did it',
        shell: 'journalctl -k --since -1h | grep -iE "out of memory|oom-kill|segfault"',
      },
      {
        look: 'What sessions may take together',
        sql: "select name, setting, unit from pg_settings where name in ('shared_buffers', 'work_mem', 'hash_mem_multiplier', 'maintenance_work_mem', 'max_connections', 'autovacuum_max_workers');",
      },
    ],
    mitigation: [
      'Signal 9: lower work_mem or the pools, give the machine memory, and set vm.overcommit_memory=2 so that a statement fails instead of the server.',
      'Signal 11 or 6: keep the statement away (switch its feature off), update PostgreSQL and its extensions to the latest minor release.',
      'Somebody used kill -9 on a session: pg_terminate_backend(pid) ends one and leaves the others alone.',
    ],
  },
})

export const postgresRoleChanged = alert({
  name: 'PostgresRoleChanged',
  expr: gt(changes(isReplica, '15m'), 0),
  for: '1s',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `PostgreSQL ${label('instance')} changed its role: a standby became primary, or the other way round`,
  action:
    'Ask each server: select pg_is_in_recovery(). Make sure that one alone is primary, that the API writes to it, and that it has a standby.',
  runbook: {
    meaning: 'Within the last 15 minutes the server went from standby to primary or back, as pg_is_in_recovery() says.',
    impact:
      'A failover: what the old primary had not sent is lost, and a client that still asks the old address fails or writes to the wrong server. Until it has a standby again, the next fault is an outage.',
    diagnosis: [
      {
        look: 'What the server is now, and since which timeline',
        sql: 'select pg_is_in_recovery() as standby, timeline_id from pg_control_checkpoint();',
      },
      {
        look: 'Who replicates from it',
        sql: 'select application_name, client_addr, state, sync_state, replay_lag from pg_stat_replication;',
      },
      {
        look: 'Who writes to it',
        sql: "select usename, application_name, client_addr, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3 order by 4 desc;",
      },
    ],
    mitigation: [
      'Planned: see that the API, its migrations and the backups use the new primary, then nothing.',
      'Not planned: keep the old primary from starting as one, rewind it (pg_rewind) or copy it anew, and let it follow the new one.',
    ],
  },
})

/** When each primary started, with the identifier of its cluster. */
const primaries = mul(and(instant(startTime), eq(instant(isReplica), 0)), instant(clusterInfo), {
  on: target,
  groupLeft: ['system_identifier'],
})
/** Servers of another job are another deployment, such as a copy for tests. */
const cluster = ['job', 'system_identifier'] as const

export const postgresSplitBrain = alert({
  name: 'PostgresSplitBrain',
  // One server that is scraped under two names started once.
  expr: and(primaries, gt(max(primaries, cluster), min(primaries, cluster)), { on: cluster }),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) =>
    `PostgreSQL ${label('instance')} is one of two primaries of cluster ${label('system_identifier')}: both take bookings, and they drift apart`,
  action:
    'Decide which one stays (the one the API writes to). Stop the other at once: pg_ctl stop -m immediate. Keep its files: they hold bookings.',
  runbook: {
    meaning:
      'Two servers with the same system identifier, so copies of one another, both say that they are no standby. A copy that was restored for tests looks the same: scrape it under a job of its own.',
    impact:
      'Bookings go to one or the other and neither has all of them: tables are booked twice. Each minute makes it harder to bring them together.',
    diagnosis: [
      {
        look: 'On each: its timeline, which rises with every promotion, and how far it has written',
        sql: 'select pg_is_in_recovery() as standby, timeline_id, pg_postmaster_start_time() as started from pg_control_checkpoint();',
      },
      {
        look: 'On each: who uses it',
        sql: "select usename, application_name, client_addr, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3 order by 4 desc;",
      },
      {
        look: 'On each: what was written last',
        sql: 'select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables order by n_tup_ins + n_tup_upd + n_tup_del desc limit 10;',
      },
    ],
    mitigation: [
      'Stop the one with the lower timeline and fence it (remove its address, disable its service), so that nothing starts it again.',
      'Take out of its files what it alone has (pg_dump of the tables that were written) before it is rewound.',
      'Then pg_rewind it or copy it anew, and let it follow the other as a standby.',
    ],
  },
})

export const availabilityAlerts: readonly Alert[] = [
  postgresDown,
  postgresRestarted,
  postgresProcessCrashed,
  postgresRoleChanged,
  postgresSplitBrain,
]
