import {
  postgresDatabaseGrows,
  postgresPreparedTransactionStuck,
  postgresSequenceNearEnd,
  postgresSequenceRunsOut,
} from '../../../../alerts/postgres/capacity.ts'
import { eventually } from '../../../integration/servers.ts'
import { compressedExpr } from '../compress.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { type Database, repeated, until } from './database.ts'

const faster = 'sixty times faster'

export const capacityAdjustments: readonly Adjustment[] = [
  { alert: postgresSequenceRunsOut, threshold: '336 min', why: faster },
  { alert: postgresSequenceNearEnd, numbers: { '< 1209600': '< 20160' }, why: faster },
  { alert: postgresPreparedTransactionStuck, threshold: '10 s', why: faster },
  { alert: postgresDatabaseGrows, numbers: { '> 1073741824': '> 10485760' }, why: 'the database is small' },
]

/** Of smallint, six tenths of its values given out. */
export const prepareSequence = (database: Database) =>
  database.run(`create table hasty (id smallserial, note text); select setval('hasty_id_seq', 20000)`)

/** Waits until what is judged by a day was known for one. */
const knownForADay = (watch: Watch, series: string) =>
  eventually(
    () => watch.query(compressedExpr(`${series} offset 1d`)),
    (found) => found.length > 0,
    { within: 300_000, every: 1000 },
  )

const narrow = (instance: string, database: Database): Provocation => ({
  fault: 'a column of smallint has been given nine tenths of its values',
  fires: [{ alert: postgresSequenceNearEnd, labels: { instance, sequencename: 'narrow_id_seq' } }],
  bring: () => database.run(`create table narrow (id smallserial); select setval('narrow_id_seq', 30000)`),
  end: () => widened(database, 'narrow'),
})

const widened = (database: Database, table: string) =>
  database.run(`alter table ${table} alter column id type bigint`, `alter sequence ${table}_id_seq as bigint`)

const hasty = (instance: string, database: Database, watch: Watch) =>
  until({
    fault: 'a job inserts fifty rows a second into a table whose key is a smallint',
    fires: [{ alert: postgresSequenceRunsOut, labels: { instance, sequencename: 'hasty_id_seq' } }],
    before: () => knownForADay(watch, `pg_sequence_values_left{instance="${instance}",sequencename="hasty_id_seq"}`),
    bring: async () => {
      const insert = `insert into hasty (note) select 'more' from generate_series(1, 50)`
      const stop = repeated(() => database.run(insert), 1000)
      return async () => {
        await stop()
        await widened(database, 'hasty')
      }
    },
  })

const forgotten = (instance: string, database: Database): Provocation => ({
  fault: 'a transaction is prepared, and its coordinator forgets it',
  fires: [{ alert: postgresPreparedTransactionStuck, labels: { instance, role: 'postgres' } }],
  bring: () => database.run(`begin; create table kept (); prepare transaction 'forgotten'`),
  end: () => database.run(`rollback prepared 'forgotten'`),
})

const growing = (instance: string, database: Database, watch: Watch) =>
  until({
    fault: 'twenty megabytes are loaded into a database of eight',
    fires: [{ alert: postgresDatabaseGrows, labels: { instance, datname: 'growing' } }],
    before: () => knownForADay(watch, `pg_database_size_bytes{instance="${instance}",datname="growing"}`),
    bring: async () => {
      await database.run(`create table loaded as select repeat('-', 1000) from generate_series(1, 20000)`)
      return () => database.run('drop table loaded')
    },
  })

/** @param other a database of the same server, called `growing` */
export const capacityLanes = (
  instance: string,
  { database, other, watch }: { readonly database: Database; readonly other: Database; readonly watch: Watch },
): readonly (readonly Provocation[])[] => [
  [narrow(instance, database), hasty(instance, database, watch)],
  [forgotten(instance, other), growing(instance, other, watch)],
]
