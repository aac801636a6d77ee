import { slotRetained, slotSafeWal, slotWalStatus } from '../../exporters/postgres/slot-health.ts'
import { slotActive } from '../../exporters/postgres/slots.ts'
import { add, div, eq, gt, lt, maxOverTime, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { onPrimary, recent } from './reading.ts'

const lost = eq(recent(slotWalStatus.where({ status: 'lost' })), 1)

const looks = {
  slots: {
    look: 'What each slot keeps, for whom, and what is left before it loses it',
    sql:
      'select slot_name, slot_type, database, active_pid, wal_status, pg_size_pretty(pg_wal_lsn_diff(case when ' +
      'pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)) as retained, ' +
      'pg_size_pretty(safe_wal_size) as safe from pg_replication_slots order by restart_lsn;',
  },
  limit: {
    look: 'Whether anything limits them, and how large the write-ahead log is',
    sql:
      "select current_setting('max_slot_wal_keep_size') as slots_keep, current_setting('wal_keep_size') as keep, " +
      'pg_size_pretty((select sum(size) from pg_ls_waldir())) as directory;',
  },
  readers: {
    look: 'Who reads from slots just now',
    sql:
      'select s.slot_name, a.application_name, a.client_addr, r.state, r.replay_lag from pg_replication_slots s join ' +
      'pg_stat_activity a on a.pid = s.active_pid left join pg_stat_replication r on r.pid = a.pid;',
  },
} as const

export const postgresSlotInactive = alert({
  name: 'PostgresSlotInactive',
  // Of a standby's slots those that are copied from its primary have no reader, and need none.
  expr: onPrimary(
    unless(eq(maxOverTime(slotActive, '10m'), 0), lost, {
      on: [...target, 'slot_name'],
    }),
  ),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `Nobody reads from replication slot ${label('slot_name')} of PostgreSQL ${label('instance')}: its standby or ` +
    'subscriber is gone, and the write-ahead log piles up for it',
  action: ({ label }) =>
    'Bring its reader back. If there is none any more: select ' +
    `pg_drop_replication_slot('${label('slot_name')}') on the primary.`,
  runbook: {
    meaning: 'For a quarter of an hour nobody was connected to the slot, at no scrape. A slot outlives its reader.',
    impact:
      'A standby that is gone cannot stand in. The primary keeps all that it writes until the slot is read or dropped: in ' +
      'the end the disk is full and the server stops. A logical slot keeps dead rows of the catalogue as well.',
    diagnosis: [looks.slots, looks.readers, looks.limit],
    mitigation: [
      'Start the standby or subscriber; its log says why it does not connect.',
      'Drop the slot if nobody will read it again. The standby that had it must be made anew.',
      'To buy time: ALTER SYSTEM SET max_slot_wal_keep_size, select pg_reload_conf(); the slot is lost at that size, the ' +
        'server is not.',
    ],
  },
})

export const postgresSlotRetainsWal = alert({
  name: 'PostgresSlotRetainsWal',
  threshold: {
    is: '10 GiB',
    least: '100 MiB',
    most: '100 TiB',
    source: 'ours: ten times max_wal_size as it comes; set it to a third of what the disk has free',
  },
  expr: (threshold) => gt(recent(slotRetained), threshold),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Replication slot ${label('slot_name')} makes PostgreSQL ${label('instance')} keep ${value.bytes} of write-ahead log`,
  action: ({ label }) =>
    'Compare that with the free disk (df -h on pg_wal). Make its reader catch up, or drop the slot before the disk is full: ' +
    `select pg_drop_replication_slot('${label('slot_name')}').`,
  runbook: {
    meaning:
      'The distance between the end of the write-ahead log and the oldest part that this slot has yet to hand out.',
    impact:
      'When the disk of pg_wal is full the server stops, and starts again only with more room. Nothing fails before.',
    diagnosis: [
      looks.slots,
      looks.readers,
      looks.limit,
      { look: 'How full the disk is', shell: 'docker compose exec postgres df -h /var/lib/postgresql/data' },
    ],
    mitigation: [
      'Reader gone: bring it back, or drop the slot. The space is free after the next checkpoint: CHECKPOINT.',
      'Reader connected and slow: a logical one is often stuck in one large transaction; see its log.',
      'Never delete files of pg_wal by hand.',
    ],
  },
})

const left = recent(slotSafeWal)

export const postgresSlotNearLoss = alert({
  name: 'PostgresSlotNearLoss',
  threshold: {
    is: '20 %',
    least: '1 %',
    most: '90 %',
    source: 'ours: with writes as even as they were, a quarter of the time it took to get here is left',
  },
  // Without max_slot_wal_keep_size nothing is ever lost, and there is no such series.
  expr: (threshold) => lt(div(left, gt(add(left, recent(slotRetained)), 0)), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Replication slot ${label('slot_name')} of PostgreSQL ${label('instance')} is about to lose what its reader needs: ` +
    `${value.percent} of the write-ahead log it may keep is left`,
  action:
    'Raise the limit while there is disk: ALTER SYSTEM SET max_slot_wal_keep_size to twice what it is, select ' +
    'pg_reload_conf(). Then bring the reader back.',
  runbook: {
    meaning:
      'safe_wal_size, what may yet be written before the slot can be lost, as a share of that and of what it keeps already. ' +
      'Below 0 the next checkpoint may take it.',
    impact: 'A slot that is lost stays so: its standby or subscriber has to be made anew, from all of the data.',
    diagnosis: [looks.slots, looks.readers, looks.limit],
    mitigation: [
      'Raise max_slot_wal_keep_size, or let the reader catch up: start it, or stop the job that writes so much.',
      'If it may be lost, because nobody needs it: drop it now.',
    ],
  },
})

export const postgresSlotLost = alert({
  name: 'PostgresSlotLost',
  expr: lost,
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `Replication slot ${label('slot_name')} of PostgreSQL ${label('instance')} is lost: its reader can never catch up`,
  action: ({ label }) =>
    `Drop it (select pg_drop_replication_slot('${label('slot_name')}')) and make its standby or subscriber anew.`,
  runbook: {
    meaning:
      'wal_status is lost: what the slot needs was removed for want of room (max_slot_wal_keep_size), or the server ' +
      'invalidated it. It never recovers.',
    impact:
      'The standby or subscriber stands still for good: there is no server to fail over to, or another system no longer ' +
      'hears of changes.',
    diagnosis: [
      looks.slots,
      {
        look: 'Why it was invalidated',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_slot_invalidated' | grep ' 1$'",
      },
      looks.limit,
    ],
    mitigation: [
      'A standby with an archive catches up from it (restore_command); without one: pg_basebackup, with a new slot.',
      'A subscriber: ALTER SUBSCRIPTION ... DISABLE, SET (slot_name = NONE), DROP; subscribe again and copy the data.',
      'Then raise max_slot_wal_keep_size to what the longest pause needs.',
    ],
  },
})

export const slotAlerts: readonly Alert[] = [
  postgresSlotInactive,
  postgresSlotRetainsWal,
  postgresSlotNearLoss,
  postgresSlotLost,
]
