import {
  postgresReplicationBytes,
  postgresReplicationLag,
  postgresStandbyGone,
  postgresStandbyNotReceiving,
} from '../../../../alerts/postgres/replication.ts'
import { postgresSlotInactive } from '../../../../alerts/postgres/slots.ts'
import { startPostgres } from '../../../../compose/local/postgres.ts'
import type { Server } from '../../../../compose/local/process.ts'
import { eventually, type workshop } from '../../../integration/servers.ts'
import { compressedExpr } from '../compress.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { configure, type Database, repeated, until } from './database.ts'

type Shop = ReturnType<typeof workshop>

export const replicationAdjustments: readonly Adjustment[] = [
  { alert: postgresReplicationLag, threshold: '1 s', why: 'sixty times faster' },
  { alert: postgresReplicationBytes, threshold: '2 MiB', why: 'a gibibyte is much to write' },
]

/** What a standby reads from; it has the standby's name. */
export const slotOf = async (standby: Database) => {
  const [row] = await standby.ask<{ name: string }>(`select current_setting('primary_slot_name') as name`)
  if (!row) throw new Error('a server has settings')
  return row.name
}

/** A standby of which the primary keeps nothing: it reads from no slot. */
export const slotless = async (shop: Shop, primary: Server, database: Database, connect: (url: string) => Database) => {
  const server = await shop.standby(primary)
  const standby = connect(server.url)
  const [slot, [settings]] = await Promise.all([
    slotOf(standby),
    standby.ask<{ home: string }>(`select current_setting('data_directory') as home`),
  ])
  await configure(standby, { primary_slot_name: '' })
  await eventually(
    () => database.ask(`select from pg_replication_slots where slot_name = '${slot}' and not active`),
    (found) => found.length > 0,
  )
  await database.run(`select pg_drop_replication_slot('${slot}')`)
  return { server, name: slot, home: settings?.home ?? '' }
}

interface Replicating {
  readonly shop: Shop
  readonly watch: Watch
  readonly primary: Database
  readonly standby: Database
  /** The slot it reads from. */
  readonly slot: string
  readonly slotless: Awaited<ReturnType<typeof slotless>>
}

const paused = ({ primary, standby }: Replicating) =>
  until({
    fault: 'replay is paused on a standby that has replayed nothing since its start, while the primary writes',
    fires: [
      { alert: postgresReplicationLag, labels: { instance: 'standby' } },
      { alert: postgresReplicationBytes, labels: { instance: 'primary' } },
    ],
    bring: async () => {
      const emit = `select pg_logical_emit_message(true, 'provoked', repeat('-', ${2 ** 20}))`
      await standby.run('select pg_wal_replay_pause()')
      const stop = repeated(() => primary.run(emit), 1000)
      return async () => {
        await stop()
        await standby.run('select pg_wal_replay_resume()')
      }
    },
  })

const astray = ({ standby, slot }: Replicating) =>
  until({
    fault: 'a standby is told the wrong port of its primary',
    fires: [
      { alert: postgresStandbyNotReceiving, labels: { instance: 'standby' } },
      { alert: postgresSlotInactive, labels: { instance: 'primary', slot_name: slot } },
    ],
    bring: async () => {
      const [row] = await standby.ask<{ primary: string }>(`select current_setting('primary_conninfo') as primary`)
      const right = row?.primary ?? ''
      await configure(standby, { primary_conninfo: right.replace(/port=\d+/, 'port=9') })
      return () => configure(standby, { primary_conninfo: right })
    },
  })

const gone = ({ shop, watch, slotless: { server, name, home } }: Replicating) => {
  const seen = 'pg_stat_replication_pg_wal_lsn_diff{slot_name=""}'
  const usual = compressedExpr(`count_over_time((${seen} and ${seen} offset 15m)[1d:15m])`)
  return until({
    fault: 'kill -9 of a standby without a slot',
    fires: [{ alert: postgresStandbyGone, labels: { instance: 'primary', application_name: name } }],
    before: () =>
      eventually(
        () => watch.query(usual),
        (found) => found.length > 0,
        { within: 90_000, every: 500 },
      ),
    bring: async () => {
      process.kill(server.pid, 'SIGKILL')
      await server.exited
      const port = Number(new URL(server.url).port)
      return async () => shop.keep(await startPostgres({ dataDir: home, port, durable: false }))
    },
  })
}

export const replicationLanes = (replicating: Replicating): readonly (readonly Provocation[])[] => [
  [paused(replicating), astray(replicating)],
  [gone(replicating)],
]
