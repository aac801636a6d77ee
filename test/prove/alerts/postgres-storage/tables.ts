import { postgresIndexBloat, postgresTableBloat } from '../../../../alerts/postgres/bloat.ts'
import { postgresTableScanned } from '../../../../alerts/postgres/scans.ts'
import { postgresDeadRows, postgresNotAnalyzed, postgresNotVacuumed } from '../../../../alerts/postgres/tables.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { type Database, repeated, until } from './database.ts'

const soon = 'sixty times faster a day is 24 minutes yet'

export const tableAdjustments: readonly Adjustment[] = [
  { alert: postgresNotVacuumed, threshold: '30 s', why: soon },
  { alert: postgresDeadRows, numbers: { '<= 86400': '<= 30' }, why: soon },
  { alert: postgresTableBloat, numbers: { '> 209715200': '> 2097152' }, why: 'the table is a hundredth as large' },
  { alert: postgresIndexBloat, numbers: { '> 104857600': '> 262144' }, why: 'the index is a few hundredths as large' },
]

/** A table of so many rows, each of some 60 bytes and what fills it, that the daemon does not touch. */
const tableOf = (name: string, rows: number, { filler = 0, daemon = false } = {}) => [
  `create table ${name} (id int primary key, note text) with (autovacuum_enabled = ${daemon})`,
  `insert into ${name} select i, repeat('-', ${filler}) from generate_series(1, ${rows}) i`,
]

const emptied = (instance: string, database: Database): Provocation => ({
  fault: 'nine of ten rows of a table are deleted',
  fires: [
    { alert: postgresTableBloat, labels: { instance, relname: 'emptied' } },
    { alert: postgresIndexBloat, labels: { instance, indexrelname: 'emptied_pkey' } },
  ],
  bring: () =>
    database.run(
      ...tableOf('emptied', 40_000, { filler: 200 }),
      'delete from emptied where id % 10 <> 0',
      'vacuum (analyze) emptied',
    ),
  end: () => database.run('vacuum (full, analyze) emptied'),
})

const neglected = (instance: string, database: Database): Provocation => ({
  fault: 'most rows of a table are updated that autovacuum is switched off for',
  fires: [
    { alert: postgresNotVacuumed, labels: { instance, relname: 'neglected' } },
    { alert: postgresNotAnalyzed, labels: { instance, relname: 'neglected' } },
  ],
  bring: () =>
    database.run(
      ...tableOf('neglected', 30_000),
      'vacuum (analyze) neglected',
      `update neglected set note = 'changed' where id <= 20000`,
    ),
  end: () => database.run('vacuum (analyze) neglected'),
})

const held = (instance: string, database: Database) =>
  until({
    fault: 'a transaction is left open, and keeps the daemon from removing what is dead',
    fires: [{ alert: postgresDeadRows, labels: { instance, relname: 'held' } }],
    bring: async () => {
      await database.run(...tableOf('held', 20_000, { daemon: true }))
      const holder = await database.session()
      await holder.query('begin isolation level repeatable read; select 1')
      await database.run(`update held set note = 'changed'`)
      return () => holder.end()
    },
  })

const scanned = (instance: string, database: Database) =>
  until({
    fault: 'a table of 100,000 rows is searched by a column without an index, some ten times a second',
    fires: [{ alert: postgresTableScanned, labels: { instance, relname: 'scanned' } }],
    bring: async () => {
      await database.run(...tableOf('scanned', 100_000))
      return repeated(() => database.run(`select from scanned where note = 'lost'`), 100)
    },
  })

/** A transaction that is held keeps what others do in the same database from its effect: they take turns. */
export const tableLanes = (instance: string, database: Database): readonly (readonly Provocation[])[] => [
  [emptied(instance, database), neglected(instance, database), held(instance, database)],
  [scanned(instance, database)],
]
