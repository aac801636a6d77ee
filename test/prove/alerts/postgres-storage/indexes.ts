import {
  postgresDuplicateIndex,
  postgresInvalidIndex,
  postgresUnusedIndex,
} from '../../../../alerts/postgres/indexes.ts'
import type { Provocation } from '../provocation.ts'
import { type Database, until } from './database.ts'

/** Indexes of its columns are larger than 10 MiB, which is when they are worth telling. */
export const prepareIndexes = (database: Database) =>
  database.run(
    'create table indexed (id int, code text, note text)',
    `insert into indexed select i, lpad(i::text, 140, '-'), lpad(i::text, 140, '+') from generate_series(1, 80000) i`,
    'create index on indexed (id)',
    'create index indexed_code on indexed (code, id)',
    'vacuum (analyze) indexed',
  )

const doubled = (instance: string, database: Database): Provocation => ({
  fault: 'a migration indexes the first column of an index',
  fires: [{ alert: postgresDuplicateIndex, labels: { instance, indexrelname: 'doubled' } }],
  bring: () => database.run('create index doubled on indexed (code)'),
  end: () => database.run('drop index doubled'),
})

const broken = (instance: string, database: Database) =>
  until({
    fault: 'CREATE UNIQUE INDEX CONCURRENTLY fails at a duplicate',
    fires: [{ alert: postgresInvalidIndex, labels: { instance, indexrelname: 'broken' } }],
    bring: async () => {
      await database.run('insert into indexed select * from indexed where id = 1')
      const built = await database.run('create unique index concurrently broken on indexed (id)').then(
        () => true,
        () => false,
      )
      if (built) throw new Error('the index is unique after all')
      return () => database.run('drop index broken')
    },
  })

const unread = (instance: string, database: Database): Provocation => ({
  fault: 'an index is created that no query reads',
  fires: [{ alert: postgresUnusedIndex, labels: { instance, indexrelname: 'unread' } }],
  // A week and an hour, from its creation.
  patience: 570,
  bring: () => database.run('create index unread on indexed (note)'),
  end: () => database.run(`set local enable_seqscan = off; select from indexed where note = 'lost'`),
})

export const indexLanes = (instance: string, database: Database): readonly (readonly Provocation[])[] => [
  [doubled(instance, database), broken(instance, database)],
  [unread(instance, database)],
]
