import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'
import { lsn, walEnd } from './wal.ts'

const peer = 'postgres_exporter'

export const slotActive = gauge({
  name: 'pg_replication_slots_active',
  peer,
  help: 'Whether somebody reads from the slot (1) or not (0)',
  labels: ['slot_name', 'database'],
})
export const slotLag = gauge({
  name: 'pg_replication_slots_pg_wal_lsn_diff',
  peer,
  help: 'Bytes of write-ahead log between its end and the oldest that the slot keeps',
  labels: ['slot_name', 'database'],
})

/** 0.20 renamed these: the old names stay, for rules that were written for them. */
const named = (family: 'pg_replication_slot' | 'pg_replication_slots') => {
  const labels = ['slot_name', 'slot_type'] as const
  const one = (name: string, help: string) => gauge({ name: `${family}_${name}`, peer, help, labels })
  return {
    plain: {
      wal_end: one(
        'slot_current_wal_lsn',
        'Where the write-ahead log of the server ends, in bytes since its beginning',
      ),
      flushed: one(
        'slot_confirmed_flush_lsn',
        'What the reader of a logical slot has confirmed, in bytes since the beginning',
      ),
      active: one('slot_is_active', 'Whether somebody reads from the slot (1) or not (0)'),
      safe: one(
        'safe_wal_size_bytes',
        'What may yet be written before the slot can lose what it needs; without a limit absent',
      ),
    },
    status: {
      known: gauge({
        name: `${family}_wal_status`,
        peer,
        help: 'Always 1; `wal_status` tells whether what the slot needs is there: reserved, extended, unreserved, lost',
        labels: ['slot_name', 'slot_type', 'wal_status'],
      }),
    },
  }
}
const [old, present] = [named('pg_replication_slot'), named('pg_replication_slots')]
const kept = { active: slotActive, behind: slotLag }

/** Replication slots: what each keeps of the write-ahead log, and for whom. */
export const slots: Collector<Postgres> = {
  name: 'slots',
  metrics: [kept, old.plain, old.status, present.plain, present.status].flatMap((metrics) => Object.values(metrics)),
  async collect({ table }) {
    const found = await table(sql)
    return [
      ...readings(found, kept),
      ...[old, present].flatMap(({ plain, status }) => [...readings(found, plain), ...readings(found, status)]),
    ]
  },
}

const sql = `
  select slot_name, slot_type, coalesce(database, '') as database, active::int as active, 1 as known,
         coalesce(wal_status, 'unknown') as wal_status, safe_wal_size as safe, ${lsn(walEnd)} as wal_end,
         pg_wal_lsn_diff(${walEnd}, restart_lsn) as behind,
         case when active then ${lsn('confirmed_flush_lsn')} end as flushed
  from pg_replication_slots`
