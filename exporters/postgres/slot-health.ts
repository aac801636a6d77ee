import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const labels = ['slot_name', 'slot_type'] as const

export const slotWalStatus = gauge({
  name: 'pg_slot_wal_status',
  counts: 'slots',
  help: 'Whether the WAL a slot needs is in this state (1) or not (0): reserved, extended, unreserved (about to go), lost',
  labels: [...labels, 'status'],
})
export const slotSafeWal = gauge({
  name: 'pg_slot_safe_wal_bytes',
  help: 'WAL that can still be written before the slot may be lost; no series where max_slot_wal_keep_size sets no limit',
  labels,
})
export const slotRetained = gauge({
  name: 'pg_slot_retained_bytes',
  help: 'WAL that is kept on disk for this slot; no series while it reserves none',
  labels,
})
export const slotInactive = gauge({
  name: 'pg_slot_inactive_seconds',
  help: 'How long nobody has read from the slot, 0 while somebody does (PostgreSQL 17 and newer)',
  labels,
})
export const slotXidAge = gauge({
  name: 'pg_slot_xmin_age',
  counts: 'transactions',
  help: 'Transactions since the oldest one whose dead rows the slot keeps from being removed, 0 if it keeps none',
  labels,
})
export const slotInvalidated = gauge({
  name: 'pg_slot_invalidated',
  counts: 'slots',
  help: 'Whether the slot was invalidated for this reason (1) or not (0). Before PostgreSQL 17 the server tells lost WAL from the rest only',
  labels: [...labels, 'reason'],
})
export const slotConflicting = gauge({
  name: 'pg_slot_conflicting',
  counts: 'slots',
  help: 'Whether a logical slot was invalidated by the recovery of its standby (PostgreSQL 16 and newer)',
  labels,
})

const measured = {
  safe: slotSafeWal,
  retained: slotRetained,
  inactive: slotInactive,
  xid_age: slotXidAge,
  conflicting: slotConflicting,
}

/** Whether each replication slot will find the WAL it needs, and what it costs the disk and vacuum meanwhile. */
export const slotHealth: Collector<Postgres> = {
  name: 'slot_health',
  metrics: [slotWalStatus, ...Object.values(measured), slotInvalidated],
  async collect({ table, version }) {
    const slot = slotSql(version)
    const [slots, statuses, invalidated] = await Promise.all([
      table(`with ${slot} select * from slot`),
      table(
        `with ${slot} select slot_name, slot_type, status, (wal_status = status)::int as is
         from slot, unnest(array[${inSql(statusesKnown)}]) as status where wal_status is not null`,
      ),
      table(
        `with ${slot} select slot_name, slot_type, known as reason, (known = coalesce(reason, ''))::int as is
         from slot, unnest(array[${inSql(reasonsOf(version))}]) as known`,
      ),
    ])
    return [
      ...readings(slots, measured),
      ...readings(statuses, { is: slotWalStatus }),
      ...readings(invalidated, { is: slotInvalidated }),
    ]
  },
}

/** In the words of pg_replication_slots, as PostgreSQL's documentation of that view lists them. */
const statusesKnown = ['reserved', 'extended', 'unreserved', 'lost']
const reasonsOf = (version: number) => [
  'wal_removed',
  ...(version >= 170_000 ? ['rows_removed', 'wal_level_insufficient'] : []),
  ...(version >= 180_000 ? ['idle_timeout'] : []),
]

const inSql = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ')

/** Before 17 the reason is told in part: that WAL is gone, or that a standby's recovery was in the way. */
const reasonSql = (version: number) =>
  version >= 170_000 ? 'invalidation_reason' : `case when wal_status = 'lost' then 'wal_removed' end`

const slotSql = (version: number) => `
  slot as (
    select slot_name, slot_type, wal_status, safe_wal_size as safe,
           pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)
             as retained,
           ${
             version >= 170_000
               ? `case when active then 0 else extract(epoch from clock_timestamp() - inactive_since)::float8 end`
               : 'null::float8'
           } as inactive,
           greatest(coalesce(age(xmin), 0), coalesce(age(catalog_xmin), 0)) as xid_age,
           ${version >= 160_000 ? 'conflicting::int' : 'null::int'} as conflicting,
           ${reasonSql(version)} as reason
    from pg_replication_slots
  )`
