import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../readings.ts'
import { lockedRelations, sizeUnlessLocked } from './relations.ts'
import type { Postgres } from './source.ts'

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

const shown = {
  scans: indexScans,
  tuples_read: indexTuplesRead,
  tuples_fetched: indexTuplesFetched,
  size: indexSize,
}
const unused = { unused: indexesUnused, unused_size: indexesUnusedSize }

/**
 * Indexes of the connected database: the `limit` largest, each by itself, and the rest as one series per kind of constraint
 * named `other`. How many are unused, and their size, counts all of them.
 */
export const indexes = ({ limit }: { readonly limit: number }): Collector<Postgres> => ({
  name: 'indexes',
  metrics: [...Object.values(shown), ...Object.values(unused)],
  async collect(source) {
    const [one, all] = await Promise.all([source.rows<Row>(eachSql, [limit]), source.rows<Row>(unusedSql)])
    return [...readings(one, shown), ...readings(all, unused)]
  },
})

type Row = Readonly<Record<string, string | number>>

const base = `
  with ${lockedRelations}, index as (
    select s.*, ${sizeUnlessLocked('c', 'pg_relation_size(c.oid)')} as size,
           coalesce((select case contype when 'p' then 'primary_key' when 'x' then 'exclusion' else 'unique' end
                     from pg_constraint where conrelid = s.relid and conindid = s.indexrelid and contype in ('p', 'u', 'x') limit 1),
                    case when indisreplident then 'replica_identity' when indisunique then 'unique' else 'none' end) as "constraint"
    from pg_stat_user_indexes s join pg_class c on c.oid = s.indexrelid join pg_index i using (indexrelid)
  )`

const eachSql = `${base}, placed as (
    select *, row_number() over (order by size desc, indexrelid) <= $1 as shown from index
  )
  select current_database() as datname, case when shown then schemaname else '' end as schemaname,
         case when shown then relname else '' end as relname,
         case when shown then indexrelname else 'other' end as indexrelname, "constraint",
         sum(idx_scan)::float8 as scans, sum(idx_tup_read)::float8 as tuples_read,
         sum(idx_tup_fetch)::float8 as tuples_fetched, sum(size)::float8 as size
  from placed group by 1, 2, 3, 4, 5`

const unusedSql = `${base}
  select current_database() as datname, "constraint", count(*) filter (where idx_scan = 0)::float8 as unused,
         coalesce(sum(size) filter (where idx_scan = 0), 0)::float8 as unused_size
  from index group by 1, 2`
