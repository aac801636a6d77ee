import { type Widths, widthsOf } from './column-widths.ts'
import { type Column, indexPages, tablePages } from './pages.ts'
import { ofUsers } from './relations.ts'
import type { Database } from './source.ts'

export interface Bloat {
  readonly schemaname: string
  readonly relname: string
  readonly indexrelname?: string
  /** Bytes more than when just written. */
  readonly bloat: number
  /** Those bytes as a share of all. */
  readonly ratio: number | null
}

export interface Bloats {
  readonly tables: readonly Bloat[]
  readonly indexes: readonly Bloat[]
  /** Of how many it can't be said: never analyzed, not permitted, or no B-tree. */
  readonly unknown: { readonly tables: number; readonly indexes: number }
  /** Whether the login may know the widths of all columns. */
  readonly complete: boolean
  readonly login: string
}

interface Row {
  readonly oid: string
  readonly schemaname: string
  readonly relname: string
  readonly indexrelname?: string
  readonly rows: number
  readonly pages: number
  readonly fillfactor: number
  readonly block: number
  /** `length alignment nulls width distinct` of each, the last three `-` where unknown. */
  readonly columns: string | null
  /** Whether equal entries are stored once. */
  readonly lists?: boolean
}

/** Bloat of all tables and B-trees of users in this database, as of their last vacuum or analyze. */
export const readBloat = async (database: Database): Promise<Bloats> => {
  const widths = await widthsOf(database)
  const tables = await estimated(database, tableSql(widths), ({ columns, ...row }) => tablePages({ ...row, columns }))
  const indexes = await estimated(database, indexSql(widths), ({ columns, lists, ...row }) =>
    indexPages({ ...row, columns, distinct: lists ? distinctOf(columns, row.rows) : undefined }),
  )
  return {
    tables: tables.found,
    indexes: indexes.found,
    unknown: { tables: tables.unknown, indexes: indexes.unknown },
    complete: widths.complete,
    login: widths.login,
  }
}

type Known = Column & { readonly distinct: number }
type Estimate = (row: Omit<Row, 'columns'> & { readonly columns: readonly Known[] }) => number

const batchSize = 1_000

const estimated = async ({ rows }: Database, sql: (after: string) => string, estimate: Estimate) => {
  const found: Bloat[] = []
  let unknown = 0
  for (let after = '0'; ; ) {
    const read = await rows<Row>(sql(after))
    for (const { columns: words, ...row } of read) {
      const columns = row.rows === 0 ? [] : columnsOf(words)
      if (!columns || row.rows < 0 || row.pages === 0) unknown += 1
      else {
        const { schemaname, relname, indexrelname } = row
        const pages = Math.max(0, row.pages - estimate({ ...row, columns }))
        const names = indexrelname === undefined ? { schemaname, relname } : { schemaname, relname, indexrelname }
        if (pages > 0) found.push({ ...names, bloat: pages * row.block, ratio: pages / row.pages })
      }
    }
    const last = read.at(-1)
    if (!last || read.length < batchSize) return { found, unknown }
    after = last.oid
  }
}

const alignments: Readonly<Record<string, number>> = { c: 1, s: 2, i: 4, d: 8 }

/** Nothing unless all are known. */
const columnsOf = (words: string | null): readonly Known[] | undefined => {
  const columns = (words?.split(',') ?? []).map((one): Known | undefined => {
    const [length = '', align = '', nulls = '', width = '', distinct = ''] = one.split(' ')
    if (nulls === '-') return undefined
    const varies = Number(length) < 0
    return {
      width: varies ? Number(width) : Number(length),
      align: alignments[align] ?? 1,
      varies,
      nulls: Number(nulls),
      distinct: Number(distinct),
    }
  })
  return columns.includes(undefined) ? undefined : columns.filter((one) => one !== undefined)
}

/** As many as could be: columns that depend on each other have fewer. Negative is a share of the rows, 0 unknown. */
const distinctOf = (columns: readonly Known[], rows: number) =>
  columns.reduce((all, { distinct, nulls }) => {
    const own = distinct > 0 ? distinct : distinct < 0 ? -distinct * rows : rows * (1 - nulls)
    return Math.min(rows, all * (own + (columns.length > 1 && nulls > 0 ? 1 : 0)))
  }, 1)

const option = (name: string, otherwise: string) =>
  `case when c.reloptions is null then '${otherwise}' else
     coalesce((select option_value from pg_options_to_table(c.reloptions) where option_name = '${name}'), '${otherwise}') end`
const block = `current_setting('block_size')::int as block`
const described = (nulls: string, width: string, distinct: string) =>
  `string_agg(concat_ws(' ', attlen, attalign, coalesce(${nulls}::text, '-'), coalesce(${width}::text, '-'),
     coalesce(${distinct}::text, '-')), ',' order by a.attnum)`

/** A dropped column is null in what is written afterwards, one that is computed at each read is so always. */
const absent = `(attisdropped or attgenerated = 'v')`

const tableSql = (widths: Widths) => (after: string) =>
  `
  with batch as materialized (
    select c.*, nspname from pg_class c join pg_namespace n on n.oid = relnamespace
    where c.oid > ${after} and relkind in ('r', 'm') and ${ofUsers} and (relpages > 0 or pg_stat_get_live_tuples(c.oid) > 0)
    order by c.oid limit ${batchSize}
  ), wanted as (select oid from batch), ${differing}, ${widths.cte}
  select oid::text, nspname as schemaname, relname, reltuples::float8 as rows, relpages as pages, ${block},
         ${option('fillfactor', '100')}::int as fillfactor,
         (select ${described(`case when ${absent} then 1 else nulls end`, `case when ${absent} then 0 else width end`, '0')}
          from pg_attribute a left join width w on w.relid = attrelid and w.attnum = a.attnum
          where attrelid = c.oid and a.attnum > 0) as columns
  from batch c order by c.oid`

/** Equal entries are stored once where equal means the same bytes; the operator classes say so (support function 4). */
const differing = `
  differing as materialized (
    select array(select o.oid from pg_opclass o where not exists (select from pg_amproc where amprocfamily = opcfamily
                   and amproclefttype = opcintype and amprocnum = 4)) as classes,
           array(select oid from pg_collation where not collisdeterministic) as collations
  )`
const lists = `
  not indisunique and indnatts = indnkeyatts and ${option('deduplicate_items', 'on')} in ('on', 'true')
  and not indclass::oid[] && classes and not indcollation::oid[] && collations`

/** Of an expression the server measured values with a header of four bytes, and stores short ones with one of one. */
const storedWidth = 'case when indkey[a.attnum - 1] = 0 and attlen = -1 and width < 130 then width - 3 else width end'

const indexSql = (widths: Widths) => (after: string) =>
  `
  with batch as materialized (
    select c.oid, c.relname as indexrelname, c.reltuples, c.relpages, c.reloptions, c.relam, nspname, t.relname, x.*
    from pg_index x join pg_class c on c.oid = indexrelid join pg_class t on t.oid = indrelid
      join pg_namespace n on n.oid = t.relnamespace
    where c.oid > ${after} and c.relkind = 'i' and c.relpages > 0 and ${ofUsers}
    order by c.oid limit ${batchSize}
  ), wanted as (select oid from batch union select indrelid from batch), ${differing}, ${widths.cte}
  select c.oid::text, nspname as schemaname, relname, indexrelname, reltuples::float8 as rows, relpages as pages, ${block},
         ${option('fillfactor', '90')}::int as fillfactor, ${lists} as lists,
         case when amname = 'btree' then (
           select ${described('nulls', storedWidth, 'w.distinct')}
           from pg_attribute a left join width w on w.relid = case when indkey[a.attnum - 1] = 0 then indexrelid else indrelid end
             and w.attnum = case when indkey[a.attnum - 1] = 0 then a.attnum else indkey[a.attnum - 1] end
           where attrelid = indexrelid and a.attnum > 0) end as columns
  from batch c join pg_am m on m.oid = c.relam cross join differing order by c.oid`
