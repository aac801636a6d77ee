import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import {
  postgresSlotInactive,
  postgresSlotLost,
  postgresSlotNearLoss,
  postgresSlotRetainsWal,
} from '../../../../alerts/postgres/slots.ts'
import {
  postgresArchiveStale,
  postgresArchivingFailing,
  postgresCheckpointsRequested,
  postgresWalGrowing,
} from '../../../../alerts/postgres/wal.ts'
import { eventually } from '../../../integration/servers.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { configure, type Database, fillLog, repeated, until } from './database.ts'

export const walAdjustments: readonly Adjustment[] = [
  { alert: postgresArchiveStale, threshold: '1 min', why: 'sixty times faster' },
  { alert: postgresSlotRetainsWal, threshold: '50 MiB', why: 'ten gibibytes are much to write' },
]

/** A folder beside the server, and the settings of a server that archives there; what is empty of a file takes no room. */
export const archiveIn = (folder: string) => {
  const home = join(folder, 'archive')
  mkdirSync(home)
  return {
    home,
    settings: { archive_mode: 'on', archive_command: `cp --sparse=always "%p" "${home}/%f"`, max_wal_senders: '5' },
  }
}

/** The least there can be: two files. */
const small = { max_wal_size: '32MB', min_wal_size: '32MB' }
const usual = { max_wal_size: null, min_wal_size: null }

const archivedSoFar = async (database: Database) => {
  const [row] = await database.ask<{ count: number }>('select archived_count::int as count from pg_stat_archiver')
  return row?.count ?? 0
}

/** Files that were named for what comes next, while the log might be larger, go once that was written and checkpointed. */
const cleared = (database: Database) =>
  eventually(
    async () => {
      await fillLog(database, 1)
      await database.run('checkpoint')
      return database.ask(`select from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`)
    },
    (files) => files.length <= 3,
  )

const archiverOf = async (database: Database) => {
  const [row] = await database.ask<{ pid: number }>(`select pid from pg_stat_activity where backend_type = 'archiver'`)
  if (!row) throw new Error('the server has no archiver')
  return row.pid
}

const unread = (instance: string, database: Database) =>
  until({
    fault: 'nobody reads from a slot while the server writes nearly all that it may keep',
    fires: [
      { alert: postgresSlotInactive, labels: { instance, slot_name: 'unread' } },
      { alert: postgresSlotRetainsWal, labels: { instance, slot_name: 'unread' } },
      { alert: postgresSlotNearLoss, labels: { instance, slot_name: 'unread' } },
    ],
    bring: async () => {
      await configure(database, { max_slot_wal_keep_size: '160MB' })
      await database.run(`select pg_create_physical_replication_slot('unread', true)`)
      await fillLog(database, 10)
      return async () => {
        await database.run(`select pg_drop_replication_slot('unread')`)
        await configure(database, { max_slot_wal_keep_size: null })
      }
    },
  })

const lost = (instance: string, database: Database) =>
  until({
    fault: 'the server writes more than a slot may keep',
    fires: [{ alert: postgresSlotLost, labels: { instance, slot_name: 'lost' } }],
    bring: async () => {
      await configure(database, { max_slot_wal_keep_size: '16MB' })
      await database.run(`select pg_create_physical_replication_slot('lost', true)`)
      await fillLog(database, 4)
      await database.run('checkpoint')
      return async () => {
        await database.run(`select pg_drop_replication_slot('lost')`)
        await configure(database, { max_slot_wal_keep_size: null })
      }
    },
  })

const crowded = (instance: string, database: Database) =>
  until({
    fault: 'max_wal_size is two files, and one is written every other second',
    fires: [{ alert: postgresCheckpointsRequested, labels: { instance } }],
    // It goes on firing for an hour after an hour.
    patience: 180,
    bring: async () => {
      await configure(database, small)
      const stop = repeated(() => fillLog(database, 1), 2000)
      return async () => {
        await stop()
        await configure(database, usual)
      }
    },
  })

const hanging = (instance: string, database: Database) =>
  until({
    fault: 'the archiver hangs (SIGSTOP) while the server writes',
    fires: [
      { alert: postgresArchiveStale, labels: { instance } },
      { alert: postgresWalGrowing, labels: { instance } },
    ],
    bring: async () => {
      await configure(database, small)
      await cleared(database)
      const before = await archivedSoFar(database)
      await fillLog(database, 1)
      await eventually(
        () => archivedSoFar(database),
        (count) => count > before,
      )
      const archiver = await archiverOf(database)
      process.kill(archiver, 'SIGSTOP')
      const stop = repeated(() => fillLog(database, 1), 8000)
      return async () => {
        process.kill(archiver, 'SIGCONT')
        await stop()
        await database.run('checkpoint')
        await configure(database, usual)
      }
    },
  })

const refused = (instance: string, database: Database, home: string) =>
  until({
    fault: 'the folder of the archive is gone while the server writes',
    fires: [{ alert: postgresArchivingFailing, labels: { instance } }],
    bring: async () => {
      renameSync(home, `${home}-away`)
      const stop = repeated(() => fillLog(database, 1), 3000)
      return async () => {
        await stop()
        renameSync(`${home}-away`, home)
        await fillLog(database, 1)
      }
    },
  })

/** One after the other: each writes to the one log. The first is that of checkpoints, which the others bring on as well. */
export const walFaults = (instance: string, database: Database, home: string): readonly Provocation[] => [
  crowded(instance, database),
  hanging(instance, database),
  refused(instance, database, home),
  unread(instance, database),
  lost(instance, database),
]
