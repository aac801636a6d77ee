import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'
import { lsn, walEnd } from './wal.ts'

const peer = 'postgres_exporter'
const own = (name: string, help: string) => gauge({ name: `pg_replication_${name}`, peer, help })

export const isReplica = own('is_replica', 'Whether the server is a standby (1) or a primary (0)')
export const replicationLag = own(
  'lag_seconds',
  'How old the last transaction replayed is, 0 on a primary and on a standby that has replayed all it received',
)
export const lastReplay = own('last_replay_seconds', 'How old the last transaction replayed is, 0 on a primary')

const labels = ['application_name', 'client_addr', 'state', 'slot_name'] as const
export const standbyLag = gauge({
  name: 'pg_stat_replication_pg_wal_lsn_diff',
  peer,
  help: 'Bytes of write-ahead log that this standby has yet to replay',
  labels,
})
const sent = gauge({
  name: 'pg_stat_replication_pg_current_wal_lsn_bytes',
  peer,
  help: 'Where the write-ahead log of this server ends, in bytes since its beginning',
  labels,
})

const state = { is_replica: isReplica, lag: replicationLag, last_replay: lastReplay }
/** Named as its peer names it, which gives it no type. */
const replied = gauge({
  name: 'pg_stat_replication_reply_time',
  peer,
  help: 'Unix time at which this standby replied last',
  labels,
})
const standbys = { behind: standbyLag, end: sent, reply: replied }

/** How far this server is behind its primary, and how far those are that replicate from it. */
export const replication: Collector<Postgres> = {
  name: 'replication',
  metrics: [...Object.values(state), ...Object.values(standbys)],
  async collect({ table }) {
    const [here, there] = await Promise.all([table(stateSql), table(standbysSql)])
    return [...readings(here, state), ...readings(there, standbys)]
  },
}

/**
 * Without writes on the primary nothing is replayed, and the last transaction ages: hence the 0 where all is replayed. A
 * standby forgets at its start what it replayed last: that is at least as old.
 */
const stateSql = `
  with replayed as (
    select pg_is_in_recovery() as standby, extract(epoch from
             clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) as age
  )
  select standby::int as is_replica,
         case when standby and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
              then greatest(0, age) else 0 end as lag,
         case when standby then greatest(0, age) else 0 end as last_replay
  from replayed`

/** Two standbys may have one name: the one further behind counts. */
const standbysSql = `
  select coalesce(application_name, '') as application_name, coalesce(host(client_addr), '') as client_addr,
         coalesce(state, '') as state, coalesce(slot_name, '') as slot_name,
         max(pg_wal_lsn_diff(${walEnd}, replay_lsn)) as behind, max(${lsn(walEnd)}) as "end",
         extract(epoch from min(reply_time)) as reply
  from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid
  group by 1, 2, 3, 4`
