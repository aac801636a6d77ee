import { archiveAge, archived, archiveFailures } from '../../exporters/postgres/archiver.ts'
import { checkpointsRequested, checkpointsTimed } from '../../exporters/postgres/background-writer.ts'
import { maxWalSize, slotKeepSize, walKeepSize } from '../../exporters/postgres/settings.ts'
import { walPosition, walSegments, walSize } from '../../exporters/postgres/wal.ts'
import { add, and, clampMin, delta, div, eq, gt, increase, mul, unless } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'
import { onPrimary, recent } from './reading.ts'

const looks = {
  archiver: {
    look: 'What was archived last, and what failed last',
    sql:
      'select archived_count, last_archived_wal, last_archived_time, failed_count, last_failed_wal, last_failed_time ' +
      'from pg_stat_archiver;',
  },
  command: {
    look: 'How it archives',
    sql: "select name, setting from pg_settings where name in ('archive_mode', 'archive_command', 'archive_library', 'archive_timeout');",
  },
  waiting: {
    look: 'How many files wait for it',
    sql: "select count(*) from pg_ls_dir('pg_wal/archive_status') as name where name like '%.ready';",
  },
  log: {
    look: 'What the command said',
    shell: 'docker compose logs --since 30m postgres | grep -iE "archive|fatal"',
  },
  directory: {
    look: 'How large the directory is, and what the settings allow',
    sql:
      'select pg_size_pretty(sum(size)) as directory, count(*) as files, ' +
      "current_setting('max_wal_size') as max_wal_size, current_setting('wal_keep_size') as wal_keep_size, " +
      "current_setting('max_slot_wal_keep_size') as slots_keep from pg_ls_waldir();",
  },
  slots: {
    look: 'Which slot keeps how much',
    sql:
      'select slot_name, active, wal_status, pg_size_pretty(pg_wal_lsn_diff(case when pg_is_in_recovery() then ' +
      'pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)) as retained from pg_replication_slots ' +
      'order by restart_lsn;',
  },
} as const

export const postgresArchivingFailing = alert({
  name: 'PostgresArchivingFailing',
  // A file that a later attempt brought there is no loss: the server tries each again until it succeeds.
  expr: and(gt(increase(archiveFailures, '15m'), 0), eq(increase(archived, '15m'), 0)),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `PostgreSQL ${label('instance')} cannot archive its write-ahead log: nothing since then can be restored to a point in ` +
    'time, and its disk fills',
  action:
    'Read why in its log (archive command failed with exit code ...): most often the target is full, gone or refuses the ' +
    'login. Mend that; the server goes on by itself within a minute.',
  runbook: {
    meaning: 'For a quarter of an hour attempts to archive a file failed, and none succeeded (pg_stat_archiver).',
    impact:
      'After a loss of the server the last backup and what was archived before is all there is. The files stay in pg_wal ' +
      'until they are archived: when that disk is full, the server stops.',
    diagnosis: [looks.archiver, looks.log, looks.command, looks.waiting],
    mitigation: [
      'Make room at the target, renew its credentials, mount it again. Run the archive_command by hand for one file of pg_wal.',
      '"file already exists" of another content: two servers archive to one place. Give each its own, and find out which ' +
        'of them should not run.',
      'If the disk of pg_wal is about to fill first: make room there; do not set archive_command to true but as the last ' +
        'resort, and take a new base backup right after.',
    ],
  },
})

/** Two files of the write-ahead log, however large this server's are: one of them is full and due. */
const twoFiles = mul(div(recent(walSize), recent(walSegments)), 2)

export const postgresArchiveStale = alert({
  name: 'PostgresArchiveStale',
  threshold: {
    is: '1 h',
    least: '5 min',
    most: '30 d',
    source: 'ours: what may be lost of bookings if the server is; set archive_timeout below it',
  },
  expr: (threshold) =>
    onPrimary(
      unless(
        // Where nothing is written nothing is archived either.
        and(gt(recent(archiveAge), threshold), gt(delta(walPosition, '1h'), twoFiles)),
        // PostgresArchivingFailing tells of those, and why.
        gt(increase(archiveFailures, '1h'), 0),
      ),
    ),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `PostgreSQL ${label('instance')} writes, and has archived nothing for ${value.duration}: its archiver hangs`,
  action:
    "Look for the archive command among the server's processes (ps -ef | grep archiv) and kill the one that hangs; the " +
    'server tries the file again. Then see why its target does not answer.',
  runbook: {
    meaning:
      'Files of the write-ahead log are full, none was archived for that long, and no attempt failed either: the command ' +
      'neither ends nor fails, or the archiver does not run.',
    impact: 'As when archiving fails: nothing since then can be restored, and pg_wal grows until its disk is full.',
    diagnosis: [
      looks.archiver,
      looks.waiting,
      {
        look: 'Whether the archiver runs, and what it waits for',
        sql: "select pid, backend_start, wait_event_type, wait_event from pg_stat_activity where backend_type = 'archiver';",
      },
      looks.command,
    ],
    mitigation: [
      'Kill the command that hangs, and give it a time limit of its own (timeout 60 ...).',
      "If archive_mode was switched off on purpose: select pg_stat_reset_shared('archiver'), and this falls silent.",
    ],
  },
})

/** A backup, a deploy or a CREATE DATABASE asks for one or two: fewer in an hour than this are nobody's setting. */
const fewCheckpoints = 5

// Under their old names the exporter has them of every release, 17 and newer included.
const requested = increase(checkpointsRequested, '1h')

export const postgresCheckpointsRequested = alert({
  name: 'PostgresCheckpointsRequested',
  threshold: {
    is: '50 %',
    least: '10 %',
    most: '99 %',
    source: 'awesome-prometheus-alerts and the mixin of postgres_exporter have the same share',
  },
  expr: (threshold) =>
    onPrimary(
      and(
        gt(div(requested, gt(add(requested, increase(checkpointsTimed, '1h')), 0)), threshold),
        gt(requested, fewCheckpoints),
      ),
    ),
  for: '30m',
  keepFiringFor: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the checkpoints of PostgreSQL ${label('instance')} came early, because its write-ahead log was full`,
  action:
    'Make it larger, with room on the disk: ALTER SYSTEM SET max_wal_size to twice what it is, select pg_reload_conf(). No ' +
    'restart is needed.',
  runbook: {
    meaning:
      'Of the checkpoints of an hour more were begun because max_wal_size was written than because checkpoint_timeout had ' +
      'passed. On PostgreSQL 17 and newer the same from pg_stat_checkpointer.',
    impact:
      'Each checkpoint writes all changed pages, and the first change of a page after it goes into the log whole: the disk ' +
      'does several times the work, and requests wait for it in bursts.',
    diagnosis: [
      {
        look: 'What is set, and how much is written',
        sql:
          "select name, setting, unit from pg_settings where name in ('max_wal_size', 'checkpoint_timeout', " +
          "'checkpoint_completion_target', 'wal_compression');",
      },
      {
        look: 'How often, and why',
        shell: 'docker compose logs --since 2h postgres | grep "checkpoint starting"',
      },
      {
        look: 'What the exporter counts',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_stat_bgwriter_checkpoints'",
      },
    ],
    mitigation: [
      'Raise max_wal_size until checkpoint_timeout comes first; starting after a crash takes longer in proportion.',
      'Find who writes so much (pg_stat_statements, column wal_bytes): a bulk load, or indexes that nobody reads.',
      'wal_compression = on, for a little processor time.',
    ],
  },
})

/** What may stay there by what is set: without a limit for slots they may keep all, and PostgresSlotRetainsWal tells. */
const allowed = add(add(recent(maxWalSize), recent(walKeepSize)), clampMin(recent(slotKeepSize), 0))

export const postgresWalGrowing = alert({
  name: 'PostgresWalGrowing',
  threshold: {
    is: '200 %',
    least: '110 %',
    most: '10000 %',
    source: 'ours: max_wal_size is no hard limit, and a burst of writes goes past it by half',
  },
  expr: (threshold) => gt(div(recent(walSize), allowed), threshold),
  for: '15m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The write-ahead log of PostgreSQL ${label('instance')} takes ${value.percent} of what its settings allow, and is not ` +
    'cleared away',
  action:
    'Compare it with the free disk (df -h on pg_wal), then see what keeps it: a slot, the archiver, or a checkpoint that does ' +
    'not end. Never delete files in pg_wal.',
  runbook: {
    meaning: 'The directory pg_wal against max_wal_size + wal_keep_size + max_slot_wal_keep_size.',
    impact: 'When the disk of pg_wal is full the server stops, and starts again only with more room.',
    diagnosis: [
      looks.directory,
      looks.slots,
      looks.archiver,
      {
        look: 'Whether a checkpoint is at work (checkpointer) or replay is paused (startup, on a standby)',
        sql:
          'select backend_type, wait_event_type, wait_event from pg_stat_activity where backend_type in ' +
          "('checkpointer', 'startup', 'archiver');",
      },
      { look: 'How full the disk is', shell: 'docker compose exec postgres df -h /var/lib/postgresql/data' },
    ],
    mitigation: [
      'A slot keeps it: bring its reader back, or drop it. The archiver does: see PostgresArchivingFailing.',
      'Then CHECKPOINT, which removes what nobody needs.',
      'If the writes are simply that many: spread the job, and raise max_wal_size to what is normal here.',
    ],
  },
})

export const walAlerts: readonly Alert[] = [
  postgresArchivingFailing,
  postgresArchiveStale,
  postgresCheckpointsRequested,
  postgresWalGrowing,
]
