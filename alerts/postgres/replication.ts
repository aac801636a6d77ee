import { isReplica, replicationLag, standbyLag } from '../../exporters/postgres/replication.ts'
import { receivedTimeline } from '../../exporters/postgres/wal-receiver.ts'
import {
  and,
  count,
  eq,
  gt,
  instant,
  lastOverTime,
  max,
  maxOverTime,
  minOverTime,
  mul,
  or,
  sub,
  unless,
} from '../../metrics/promql.ts'
import { orNone } from '../../metrics/share.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { onPrimary } from './reading.ts'
import { slotAlerts } from './slots.ts'

const looks = {
  standbys: {
    look: 'On the primary: who replicates, and how far each is at every stage',
    sql:
      'select application_name, client_addr, state, sync_state, pg_wal_lsn_diff(sent_lsn, flush_lsn) as to_flush, ' +
      'pg_wal_lsn_diff(flush_lsn, replay_lsn) as to_replay, replay_lag from pg_stat_replication;',
  },
  receiver: {
    look: 'On the standby: what it receives, from whom, and since when nothing came',
    sql: 'select status, sender_host, sender_port, slot_name, latest_end_time from pg_stat_wal_receiver;',
  },
  replay: {
    look: 'On the standby: whether replay was paused, and which query it waits for',
    sql:
      'select case when pg_is_in_recovery() then pg_is_wal_replay_paused() end as paused, ' +
      "current_setting('max_standby_streaming_delay') as patience, (select count(*) from pg_stat_activity where state = " +
      "'active' and backend_type = 'client backend') as active;",
  },
} as const

export const postgresReplicationLag = alert({
  name: 'PostgresReplicationLag',
  threshold: {
    is: '60 s',
    least: '1 s',
    most: '1 d',
    source:
      'ours: awesome-prometheus-alerts tells at 5 s, which one large transaction takes, CloudNativePG at 5 min, when ' +
      'readers have complained',
  },
  // Without writes for an hour, the first one is an hour old until it is replayed: a single scrape says nothing.
  expr: (threshold) => gt(minOverTime(replicationLag, '3m'), threshold),
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Standby ${label('instance')} of PostgreSQL is ${value.duration} behind its primary: readers see the past`,
  action:
    'On the standby: select pg_is_wal_replay_paused(), and end the queries that replay waits for (pg_stat_activity, the ' +
    'oldest first). If it waits for none, look at its disk and at the network.',
  runbook: {
    meaning:
      'The standby has received more than it has replayed, and the last transaction it replayed is that old. One that ' +
      'receives nothing is told by PostgresStandbyNotReceiving.',
    impact: 'Whoever reads from it sees tables as free that were booked; failing over would take that long.',
    diagnosis: [looks.replay, looks.standbys, looks.receiver],
    mitigation: [
      'Paused by hand: select pg_wal_replay_resume().',
      'A long query is in the way: end it, or lower max_standby_streaming_delay.',
      'Replay is slower than the primary writes: find the job that writes so much, and spread it; give the standby the ' +
        'same disk as the primary.',
      'Readers that need the present read from the primary meanwhile.',
    ],
  },
})

export const postgresReplicationBytes = alert({
  name: 'PostgresReplicationBytes',
  threshold: {
    is: '1 GiB',
    least: '16 MiB',
    most: '1 TiB',
    source: 'ours: 64 files of the write-ahead log, a minute and more to send over a gigabit line and to replay',
  },
  expr: (threshold) =>
    gt(max(lastOverTime(standbyLag, '5m'), [...target, 'application_name', 'client_addr']), threshold),
  for: '10m',
  keepFiringFor: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('application_name')} (${label('client_addr')}) has yet to replay ${value.bytes} of what PostgreSQL ` +
    `${label('instance')} wrote`,
  action:
    'On the primary: select application_name, state, sent_lsn, flush_lsn, replay_lsn, replay_lag from pg_stat_replication. ' +
    'Behind at sent: network; at flush: its disk; at replay: a query there.',
  runbook: {
    meaning:
      'Seen from the primary, and so also of standbys and subscribers that nobody else watches: the distance between the ' +
      'end of its write-ahead log and what this one has replayed.',
    impact:
      'A failover to it would lose that much or wait for it. With a slot the primary keeps all of it on its disk ' +
      '(PostgresSlotRetainsWal).',
    diagnosis: [looks.standbys, looks.receiver, looks.replay],
    mitigation: [
      'A standby that was away catches up by itself: watch the number fall.',
      'If it does not fall: spread the job that writes, mend network or disk, or make the standby anew from a backup.',
    ],
  },
})

const standbys = eq(lastOverTime(isReplica, '5m'), 1)
const streaming = lastOverTime(receivedTimeline.where({ status: 'streaming' }), '5m')

export const postgresStandbyNotReceiving = alert({
  name: 'PostgresStandbyNotReceiving',
  expr: unless(standbys, streaming, { on: target }),
  shows: { expr: eq(orNone(count(streaming, target), standbys), 0) },
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `Standby ${label('instance')} of PostgreSQL receives nothing from its primary`,
  action:
    'On the standby, read the end of its log: it says why each attempt failed (refused, password, no such slot, segment ' +
    'already removed). Then see whether the primary runs.',
  runbook: {
    meaning:
      'The server is in recovery, and for five minutes had no receiver that streams. Its lag reads 0 meanwhile: it has ' +
      'replayed all it got.',
    impact:
      'It falls behind with every write, and cannot stand in for the primary without losing them. Readers see the state of ' +
      'when it broke.',
    diagnosis: [
      looks.receiver,
      {
        look: 'On the standby: where it wants to receive from',
        sql:
          "select name, regexp_replace(setting, 'password=\\S+', 'password=...') from pg_settings where name in " +
          "('primary_conninfo', 'primary_slot_name', 'restore_command');",
      },
      {
        look: 'On the primary: whether its slot still has what it needs',
        sql: 'select slot_name, active, wal_status, restart_lsn from pg_replication_slots;',
      },
    ],
    mitigation: [
      'Primary or network down: bring it back; the standby connects again by itself within seconds.',
      'Login, slot or address wrong: mend primary_conninfo or primary_slot_name there, select pg_reload_conf().',
      '"requested WAL segment has already been removed": it can only catch up from the archive (restore_command); ' +
        'without one, make it anew with pg_basebackup.',
      'One that is fed from an archive alone never streams: switch this alert off in config/overrides.ts.',
    ],
  },
})

const each = [...target, 'application_name'] as const
const connected = count(instant(standbyLag), each)
/** Of those with a slot PostgresSlotInactive tells, for as long as it takes. */
const withoutSlot = standbyLag.where({ slot_name: '' })
/** As many as have stayed a quarter of an hour: a standby that comes back by another address is two for a while. */
const lasting = count(and(instant(withoutSlot), instant(withoutSlot, { offset: '15m' })), each)
const usual = maxOverTime(lasting, '1d', { every: '15m' })

export const postgresStandbyGone = alert({
  name: 'PostgresStandbyGone',
  // A primary that was made a standby has handed its own over.
  expr: onPrimary(gt(sub(usual, or(connected, mul(usual, 0))), 0)),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `A standby named ${label('application_name')} replicated from PostgreSQL ${label('instance')} within the last day, ` +
    'and does not now',
  action:
    'See whether that server runs and reaches the primary; its log says why it does not connect. Taken away on purpose: ' +
    'silence this for a day.',
  runbook: {
    meaning:
      'On the primary fewer standbys of this name are connected than at some time in the last 24 hours. After a day without ' +
      'it the alert ends by itself, mended or not.',
    impact:
      'There is one server less to fail over to. The primary keeps nothing for it: once it has recycled the log since then ' +
      '(wal_keep_size), the standby must be made anew.',
    diagnosis: [looks.standbys, looks.receiver, { look: 'Whether it runs', shell: 'docker compose ps --all' }],
    mitigation: [
      'Start it, or mend the network; it connects again by itself.',
      'Be quick, or raise wal_keep_size on the primary meanwhile: ALTER SYSTEM SET wal_keep_size, select pg_reload_conf().',
    ],
  },
})

export const replicationAlerts: readonly Alert[] = [
  postgresReplicationLag,
  postgresReplicationBytes,
  postgresStandbyNotReceiving,
  postgresStandbyGone,
  ...slotAlerts,
]
