import {
  postgresReplicationBytes,
  postgresReplicationLag,
  postgresStandbyGone,
  postgresStandbyNotReceiving,
} from '../../../alerts/postgres/replication.ts'
import { isReplica, replicationLag, standbyLag } from '../../../exporters/postgres/replication.ts'
import { receivedTimeline } from '../../../exporters/postgres/wal-receiver.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { gibibytes, standby } from './at.ts'
import { slotCases } from './slots.ts'

const at = scraped.postgres

const behind = (values: string) => ({
  about: postgresReplicationLag,
  at: '10m' as const,
  series: [series(replicationLag, 'postgres', values)],
})

const lag: readonly Case[] = [
  {
    name: 'a standby a minute and a half behind is told',
    ...behind('90x20'),
    fires: [{ rule: postgresReplicationLag, labels: at, value: '1m 30s' }],
  },
  { name: 'a standby a minute behind is not told', ...behind('60x20'), fires: [] },
  { name: 'a standby that has been behind for a minute is not told', ...behind('90x20'), at: '1m', fires: [] },
  {
    name: 'the first write in an hour makes no standby late: a single scrape finds it an hour behind',
    ...behind('0x5 3600 0 0 3600 0x20'),
    fires: [],
  },
]

const reader = { application_name: 'standby', client_addr: '10.0.0.7', state: 'streaming', slot_name: 'standby' }
const far = { application_name: 'standby', client_addr: '10.0.0.7' }

const owing = (bytes: number) => ({
  about: postgresReplicationBytes,
  at: '15m' as const,
  series: [series(standbyLag, 'postgres', `${bytes}x20`, reader)],
})

const bytes: readonly Case[] = [
  {
    name: 'a standby that has two gibibytes to replay is told by its primary',
    ...owing(gibibytes(2)),
    fires: [{ rule: postgresReplicationBytes, labels: { ...at, ...far }, value: '2Gi' }],
  },
  {
    name: 'a standby that goes from catching up to streaming is still behind',
    ...owing(gibibytes(2)),
    series: [
      series(standbyLag, 'postgres', `${gibibytes(3)}x7 stale`, { ...reader, state: 'catchup' }),
      series(standbyLag, 'postgres', `_x8 ${gibibytes(2)}x20`, reader),
    ],
    fires: [{ rule: postgresReplicationBytes, labels: { ...at, ...far }, value: '2Gi' }],
  },
  { name: 'a standby that has a gibibyte to replay is not told', ...owing(gibibytes(1)), fires: [] },
  { name: 'a standby that catches up within ten minutes is not told', ...owing(gibibytes(2)), at: '8m', fires: [] },
]

const receiver = (status: string, values: string) =>
  series(receivedTimeline, 'postgres', values, { upstream_host: 'primary', slot_name: 'standby', status })
const alone = { about: postgresStandbyNotReceiving, at: '10m' as const }

const receiving: readonly Case[] = [
  {
    name: 'a standby that receives nothing is told',
    ...alone,
    series: [standby],
    fires: [{ rule: postgresStandbyNotReceiving, labels: at }],
  },
  {
    name: 'a standby that tries and does not stream is told',
    ...alone,
    series: [standby, receiver('starting', '1x20')],
    fires: [{ rule: postgresStandbyNotReceiving, labels: at }],
  },
  { name: 'a standby that streams is not told', ...alone, series: [standby, receiver('streaming', '1x20')], fires: [] },
  {
    name: 'a standby that connects again within minutes is not told',
    ...alone,
    series: [standby, receiver('streaming', '1x5 stale _x2 1x20')],
    fires: [],
  },
  { name: 'a standby that starts is not told', ...alone, series: [standby], at: '1m', fires: [] },
  { name: 'a primary receives nothing', ...alone, series: [series(isReplica, 'postgres', '0x20')], fires: [] },
  {
    name: 'a standby that becomes the primary need not receive any more',
    ...alone,
    series: [series(isReplica, 'postgres', '1x3 0x20'), receiver('streaming', '1x3 stale')],
    at: '12m',
    fires: [],
  },
]

const walreceiver = { application_name: 'walreceiver', client_addr: '10.0.0.7', state: 'streaming', slot_name: '' }
const connected = (values: string, labels: Partial<typeof walreceiver> = {}) =>
  series(standbyLag, 'postgres', values, { ...walreceiver, ...labels })
/** A step is 4 minutes, and an hour 15. */
const away = { about: postgresStandbyGone, step: '4m' as const, at: '160m' as const }
const goneFrom = { rule: postgresStandbyGone, labels: { ...at, application_name: 'walreceiver' } }

const gone: readonly Case[] = [
  {
    name: 'a standby that is gone from its primary is told',
    ...away,
    series: [connected('0x30 stale')],
    fires: [goneFrom],
  },
  {
    name: 'one of two standbys of one name that is gone is told',
    ...away,
    series: [connected('0x30 stale'), connected('0x100', { client_addr: '10.0.0.8' })],
    fires: [goneFrom],
  },
  { name: 'a standby that is connected is not told', ...away, series: [connected('0x100')], fires: [] },
  {
    name: 'a standby that left a moment ago is not told',
    ...away,
    series: [connected('0x39 stale')],
    fires: [],
  },
  {
    name: 'a standby that catches up is there',
    ...away,
    series: [connected('0x30 stale'), connected('_x31 0x100', { state: 'catchup' })],
    fires: [],
  },
  {
    name: 'a standby that came back by another address is one, though the old connection lasts some minutes longer',
    ...away,
    series: [connected('0x30 stale'), connected('_x29 0x100', { client_addr: '10.0.0.8' })],
    fires: [],
  },
  {
    name: 'what replicates for some minutes and leaves is no standby',
    ...away,
    series: [connected('_x15 0x1 stale')],
    fires: [],
  },
  {
    name: 'a primary that was made a standby has none of its own any more',
    ...away,
    series: [connected('0x30 stale'), series(isReplica, 'postgres', '0x30 1x100')],
    fires: [],
  },
  {
    name: 'a standby that was given a slot is there',
    ...away,
    series: [connected('0x30 stale'), connected('_x31 0x100', { slot_name: 'standby' })],
    fires: [],
  },
  {
    name: 'of a standby with a slot the slot tells',
    ...away,
    series: [connected('0x30 stale', { slot_name: 'standby' })],
    fires: [],
  },
  {
    name: 'a standby that has been gone for more than a day is told no longer',
    ...away,
    series: [connected('0x30 stale')],
    at: '1640m',
    fires: [],
  },
]

export const replicationCases: readonly Case[] = [...lag, ...bytes, ...receiving, ...gone, ...slotCases]
