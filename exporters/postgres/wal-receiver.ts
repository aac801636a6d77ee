import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'
import { exact, lsn } from './wal.ts'

const labels = ['upstream_host', 'slot_name', 'status'] as const
const stat = (name: string, help: string) =>
  ({ name: `pg_stat_wal_receiver_${name}`, peer: 'postgres_exporter', help, labels }) as const

export const receivedTimeline = gauge(stat('received_tli', 'Timeline up to which it has flushed to disk'))

const metrics = {
  receive_start_lsn: counter(stat('receive_start_lsn', 'Where it began to receive, in bytes modulo 2^52')),
  receive_start_tli: gauge(stat('receive_start_tli', 'Timeline in which it began to receive')),
  flushed_lsn: counter(stat('flushed_lsn', 'Up to where it has flushed to disk, in bytes modulo 2^52')),
  received_tli: receivedTimeline,
  last_msg_send_time: counter(stat('last_msg_send_time', 'Unix time at which the last message was sent')),
  last_msg_receipt_time: counter(stat('last_msg_receipt_time', 'Unix time at which the last message was received')),
  latest_end_lsn: counter(stat('latest_end_lsn', 'What it reported to the sender last, in bytes modulo 2^52')),
  latest_end_time: counter(stat('latest_end_time', 'Unix time at which it reported that')),
}

/** What a standby receives from the server above it. Nothing where nothing is received. */
export const walReceiver: Collector<Postgres> = {
  name: 'wal_receiver',
  metrics: Object.values(metrics),
  collect: async ({ table }) => readings(await table(sql), metrics),
}

const place = (column: string) => exact(lsn(column))
const epoch = (column: string) => `extract(epoch from ${column})`

/** Its column conninfo holds no password, but is nobody's business: the host stands in a column of its own. */
const sql = `
  select coalesce(sender_host, '') as upstream_host, coalesce(slot_name, '') as slot_name,
         coalesce(status, '') as status,
         ${place('receive_start_lsn')} as receive_start_lsn, receive_start_tli, received_tli,
         ${place('flushed_lsn')} as flushed_lsn,
         ${epoch('last_msg_send_time')} as last_msg_send_time,
         ${epoch('last_msg_receipt_time')} as last_msg_receipt_time,
         ${place('latest_end_lsn')} as latest_end_lsn, ${epoch('latest_end_time')} as latest_end_time
  from pg_stat_wal_receiver where pid is not null`
