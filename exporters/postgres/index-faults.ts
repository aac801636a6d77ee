import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { ranked, shownFaults, sumOf } from './ranked.ts'
import { type IndexShape, redundancies } from './redundancy.ts'
import { ofUsers, type Sizes } from './relations.ts'
import type { Database, Postgres } from './source.ts'
import type { Survey, Surveyed } from './survey.ts'

const index = ['datname', 'schemaname', 'relname', 'indexrelname'] as const

export const indexesDuplicate = gauge({
  name: 'pg_indexes_duplicate',
  counts: 'indexes',
  help: 'Indexes that another one makes superfluous, those of constraints left out. same: the other does all it does; prefix: the other begins with its columns',
  labels: ['datname', 'kind'],
})
export const indexesDuplicateSize = gauge({
  name: 'pg_indexes_duplicate_size_bytes',
  help: 'Disk space of the indexes that another one makes superfluous',
  labels: ['datname', 'kind'],
})
export const indexDuplicateSize = gauge({
  name: 'pg_index_duplicate_size_bytes',
  help: 'Disk space of an index that duplicate_of makes superfluous: the 50 largest, and the rest',
  labels: [...index, 'kind', 'duplicate_of'],
})
export const indexesInvalid = gauge({
  name: 'pg_indexes_invalid',
  counts: 'indexes',
  help: 'Indexes that no query may use, as a build that failed leaves them; those being built or dropped just now left out',
  labels: ['datname'],
})
export const indexInvalidSize = gauge({
  name: 'pg_index_invalid_size_bytes',
  help: 'Disk space of an invalid index, which every write still has to keep up: the 50 largest, and the rest',
  labels: index,
})

const duplicate = { count: indexesDuplicate, size: indexesDuplicateSize }

type Named = {
  readonly schemaname: string
  readonly relname: string
  readonly indexrelname: string
}
type Duplicate = Named & {
  readonly kind: string
  readonly duplicate_of: string
  readonly size: number
}
type Shaped = IndexShape & Named & { readonly members: readonly string[] }

interface Faults {
  readonly shaped: readonly Shaped[]
  readonly invalid: readonly (Named & { readonly oid: string })[]
}

interface Options {
  readonly survey: Survey
  readonly sizes: Surveyed<Sizes>
}

/** Indexes of each database that cost writes and disk and serve no query. Those that are never read are told by `indexes`. */
export const indexFaults = ({ survey, sizes }: Options): Collector<Postgres> => {
  const ask = survey.asks('index faults', readFaults)
  return {
    name: 'index_faults',
    metrics: [...Object.values(duplicate), indexDuplicateSize, indexesInvalid, indexInvalidSize],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const [known, faults] = await Promise.all([sizes(postgres, database), ask(postgres, database)])
        if (!known || !faults) return []
        const datname = database.name
        const sizeOf = (oids: readonly string[]) => sumOf(oids, (oid) => known.indexes.byOid.get(oid)?.size ?? 0)
        const duplicates = duplicatesOf(faults.shaped, sizeOf)
        const kinds = ['same', 'prefix'].map((kind) => {
          const ofKind = duplicates.filter((one) => one.kind === kind)
          return { datname, kind, count: ofKind.length, size: sumOf(ofKind, ({ size }) => size) }
        })
        const invalid = faults.invalid.map(({ oid, ...one }) => ({ ...one, size: sizeOf([oid]) }))
        const rows = <Row extends Named & { size: number }>(found: readonly Row[], rest: (size: number) => Row) =>
          ranked(found, {
            limit: shownFaults,
            by: ({ size }) => size,
            rest: (others) => rest(sumOf(others, ({ size }) => size)),
          }).map((one) => ({ datname, ...one }))
        return [
          ...readings(kinds, duplicate),
          ...readings(rows(duplicates, restOfDuplicates), { size: indexDuplicateSize }),
          indexesInvalid.sample(invalid.length, { datname }),
          ...readings(rows(invalid, restOfInvalid), { size: indexInvalidSize }),
        ]
      }),
  }
}

const restOfInvalid = (size: number) => ({ schemaname: '', relname: '', indexrelname: remainder, size })
const restOfDuplicates = (size: number): Duplicate => ({ ...restOfInvalid(size), kind: '', duplicate_of: '' })

const duplicatesOf = (shaped: readonly Shaped[], sizeOf: (oids: readonly string[]) => number) => {
  const byOid = new Map(shaped.map((one) => [one.oid, one]))
  return [...redundancies(shaped)].flatMap(([oid, { kind, of }]): readonly Duplicate[] => {
    const [one, other] = [byOid.get(oid), byOid.get(of)]
    if (!one || !other) return []
    const { schemaname, relname, indexrelname, members } = one
    return [{ schemaname, relname, indexrelname, kind, duplicate_of: other.indexrelname, size: sizeOf(members) }]
  })
}

type ShapeRow = Named &
  Readonly<
    Record<'oid' | 'relid' | 'method' | 'expressions' | 'predicate' | 'options', string> &
      Record<'columns' | 'classes' | 'collations' | 'directions' | 'members', string> &
      Record<'unique' | 'nulls_not_distinct' | 'immediate' | 'needed', boolean>
  > & { readonly keys: number }

const readFaults = async ({ rows }: Database): Promise<Faults> => {
  const [[release], invalid] = await Promise.all([
    rows<{ readonly version: number }>(`select current_setting('server_version_num')::int as version`),
    rows<Faults['invalid'][number]>(invalidSql),
  ])
  const shaped = await rows<ShapeRow>(shapesSql(release?.version ?? 0))
  return { shaped: shaped.map(shapeOf), invalid }
}

const shapeOf = ({ columns, classes, collations, directions, keys, members, ...row }: ShapeRow): Shaped => {
  const [numbers, ...orders] = [columns, classes, collations, directions].map((words) => words.split(' '))
  const all = numbers ?? []
  return {
    ...row,
    columns: all.slice(0, keys),
    included: all.slice(keys),
    keys: all.slice(0, keys).map((column, at) => [column, ...orders.map((order) => order[at])].join('/')),
    nullsNotDistinct: row.nulls_not_distinct,
    members: members.split(' '),
  }
}

/** Without where in the statement each part stood: two indexes alike were created by two statements. */
const tree = (column: string) => `coalesce(regexp_replace(${column}::text, ':location -?\\d+', '', 'g'), '')`

/**
 * Only indexes whose table has another that begins alike. The trees are compared as they are: to print them the server
 * would wait for the table's locks. `members`: itself and, of a partitioned table, the indexes of its partitions.
 */
const shapesSql = (version: number) => `
  with candidate as (
    select x.*, c.relname as indexrelname, c.relkind, c.relispartition, c.relam, nspname, t.relname,
           count(*) over (partition by indrelid, c.relam, indkey[0]) as alike
    from pg_index x join pg_class c on c.oid = indexrelid join pg_class t on t.oid = indrelid
      join pg_namespace n on n.oid = t.relnamespace
    where indisvalid and indisready and indislive and ${ofUsers}
  )
  select indexrelid::text as oid, indrelid::text as relid, nspname as schemaname, relname, indexrelname, amname as method,
         indkey::text as columns, indclass::text as classes, indcollation::text as collations, indoption::text as directions,
         indnkeyatts as keys, ${tree('indexprs')} as expressions, ${tree('indpred')} as predicate,
         coalesce((select string_agg(attnum || attoptions::text, ' ' order by attnum) from pg_attribute
                   where attrelid = indexrelid and attoptions is not null), '') as options,
         indisunique as "unique",
         ${version >= 150_000 ? 'indnullsnotdistinct' : 'false'} as nulls_not_distinct,
         indimmediate as immediate,
         relispartition or indisprimary or indisexclusion or indisreplident
           or indexrelid in (select conindid from pg_constraint) as needed,
         case relkind when 'i' then indexrelid::text else (
           with recursive part as (
             select indexrelid as oid union all select inhrelid from pg_inherits join part on inhparent = part.oid
           ) select string_agg(oid::text, ' ') from part) end as members
  from candidate join pg_am a on a.oid = relam where alike > 1 order by indexrelid`

/** Whoever builds, rebuilds or drops an index beside its users tells of it, or holds a lock on the index itself. */
const invalidSql = `
  select c.oid::text, nspname as schemaname, t.relname, c.relname as indexrelname
  from pg_index x join pg_class c on c.oid = indexrelid join pg_class t on t.oid = indrelid
    join pg_namespace n on n.oid = t.relnamespace
  where not indisvalid and ${ofUsers}
    and indexrelid not in (select index_relid from pg_stat_progress_create_index where datname = current_database())
    and indexrelid not in (select relation from pg_locks where locktype = 'relation' and granted
      and mode in ('ShareUpdateExclusiveLock', 'AccessExclusiveLock')
      and database = (select oid from pg_database where datname = current_database()))`
