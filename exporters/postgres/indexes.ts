import { counter, gauge } from '../../metrics/metric.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Collector } from '../collector.ts'
import { type Found, readings, remainder } from '../reading.ts'
import { measuring, onceFor } from './bounded.ts'
import { constraintOf, type IndexSize, ofUsers, type Sizes, unmeasured } from './relations.ts'
import { type Portion, remainderAge, restOf } from './rest.ts'
import type { Postgres } from './source.ts'
import type { Surveyed } from './survey.ts'

/** `constraint`: what the index keeps true even if no query reads it (primary_key, unique, exclusion, replica_identity), or none. */
const labels = ['datname', 'schemaname', 'relname', 'indexrelname', 'constraint'] as const

export const indexScans = counter({ name: 'pg_index_scans_total', help: 'Number of scans of this index', labels })
export const indexTuplesRead = counter({
  name: 'pg_index_tuples_read_total',
  help: 'Number of index entries that scans of this index returned',
  labels,
})
export const indexTuplesFetched = counter({
  name: 'pg_index_tuples_fetched_total',
  help: 'Number of live table rows that simple scans of this index fetched',
  labels,
})
export const indexSize = gauge({ name: 'pg_index_size_bytes', help: 'Disk space of this index', labels })
export const indexesUnused = gauge({
  name: 'pg_indexes_unused',
  counts: 'indexes',
  help: 'Indexes that no query has read since the statistics of the database began, by the constraint they back',
  labels: ['datname', 'constraint'],
})
export const indexesUnusedSize = gauge({
  name: 'pg_indexes_unused_size_bytes',
  help: 'Disk space of the indexes that no query has read, by the constraint they back',
  labels: ['datname', 'constraint'],
})
const blocks = (name: string, help: string) =>
  counter({
    name: `pg_statio_user_indexes_idx_blks_${name}_total`,
    peer: 'postgres_exporter',
    help,
    labels: ['schemaname', 'relname', 'indexrelname'],
  })

const asked = { scans: indexScans, tuples_read: indexTuplesRead, tuples_fetched: indexTuplesFetched }
const sized = { size: indexSize }
const unused = { unused: indexesUnused, size: indexesUnusedSize }
/** Without the database in their labels, as the peer has them: told of the URL's database only, or two could not be told apart. */
const read = {
  blocks_read: blocks('read', 'Blocks of this index that had to be read'),
  blocks_hit: blocks('hit', 'Blocks of this index that were found in the buffer cache'),
}

interface Options {
  readonly limit: number
  readonly sizes: Surveyed<Sizes>
}

const sizing = measuring<keyof typeof sized, IndexSize>({
  names: namesOf(sized),
  group: { column: 'constraint', of: ({ constraint }) => constraint },
})

/**
 * Indexes of each database: the `limit` largest, each by itself, and the rest as one series per kind of constraint named
 * `other`. Sizes, which are unused, and the choice of the largest are as old as the survey says; of more than five thousand
 * other indexes five thousand are read at a scrape.
 */
export const indexes = ({ limit, sizes }: Options): Collector<Postgres> => {
  const rest = restOf({ collector: 'indexes', limit, slice: 5_000, sums: namesOf(columns), group: 'constraint' })
  return {
    name: 'indexes',
    metrics: [...[asked, sized, unused, read].flatMap((one) => Object.values(one)), remainderAge],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const known = (await sizes(postgres, database))?.indexes
        if (!known && limit !== Number.POSITIVE_INFINITY) return []
        const { byOid, largest } = known ?? unmeasured
        const portion = rest(database.name, { byOid, largest })
        const found = portion.total(await database.table(sql(portion)))
        const datname = database.name
        return [
          ...readings(sizing(found, byOid), { ...asked, ...sized }),
          ...(database.name === postgres.name ? readings(withOneRest(found), read) : []),
          ...readings(
            [...unusedOf(byOid)].map(([constraint, sums]) => ({ datname, constraint, ...sums })),
            unused,
          ),
          ...portion.age(database.name),
        ]
      }),
  }
}

/** The rest in one row: without the constraint among the labels its rows would be one series. */
const withOneRest = ({ columns, rows }: Found): Found => {
  const [oid, label] = [columns.indexOf('oid'), columns.indexOf('constraint')]
  const [rest, shown] = [rows.filter((row) => row[oid] === null), rows.filter((row) => row[oid] !== null)]
  const [first] = rest
  if (!first) return { columns, rows }
  const summed = namesOf(read).map((name) => columns.indexOf(name))
  const sum = (at: number) => rest.reduce((total, row) => total + Number(row[at]), 0)
  const one = first.map((cell, at) => (summed.includes(at) ? sum(at) : at === label ? '' : cell))
  return { columns, rows: [...shown, one] }
}

const unusedOf = onceFor((known: ReadonlyMap<string, IndexSize>) => {
  const sums = new Map<string, { readonly unused: number; readonly size: number }>()
  for (const { constraint, unused: isUnused, size } of known.values()) {
    const sum = sums.get(constraint) ?? { unused: 0, size: 0 }
    sums.set(constraint, isUnused ? { unused: sum.unused + 1, size: sum.size + size } : sum)
  }
  return sums
})

const columns: Readonly<Record<keyof typeof asked | keyof typeof read, string>> = {
  scans: 'pg_stat_get_numscans(c.oid)',
  tuples_read: 'pg_stat_get_tuples_returned(c.oid)',
  tuples_fetched: 'pg_stat_get_tuples_fetched(c.oid)',
  blocks_read: 'pg_stat_get_blocks_fetched(c.oid) - pg_stat_get_blocks_hit(c.oid)',
  blocks_hit: 'pg_stat_get_blocks_hit(c.oid)',
}

const sql = ({ shown, read: chosen, slice }: Portion) => `
  with index as (
    select c.oid, n.nspname as schemaname, t.relname, c.relname as indexrelname, ${constraintOf} as "constraint",
           ${shown} as shown, ${slice} as slice,
           ${Object.entries(columns)
             .map(([name, from]) => `coalesce(${from}, 0) as ${name}`)
             .join(', ')}
    from pg_class c join pg_index x on x.indexrelid = c.oid join pg_class t on t.oid = x.indrelid
      join pg_namespace n on n.oid = c.relnamespace
    where t.relkind in ('r', 'm', 'p') and ${ofUsers} and ${chosen}
  )
  select current_database() as datname, oid::text, schemaname, relname, indexrelname, "constraint",
         ${namesOf(columns).join(', ')}, null as slice
  from index where shown
  union all
  select current_database(), null, '', '', '${remainder}', "constraint",
         ${namesOf(columns)
           .map((name) => `sum(${name}::float8)`)
           .join(', ')}, slice
  from index where not shown group by "constraint", slice`
