import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { withoutLiterals } from './literals.ts'
import type { Postgres } from './source.ts'
import { counting, totalMetrics } from './statement-totals.ts'

const labels = ['user', 'datname', 'queryid'] as const

export const statementCalls = counter({
  name: 'pg_stat_statements_calls_total',
  peer: 'postgres_exporter',
  help: 'Number of times executed',
  labels,
})
export const statementSeconds = counter({
  name: 'pg_stat_statements_seconds_total',
  peer: 'postgres_exporter',
  help: 'Total time spent in the statement, in seconds',
  labels,
})
export const statementRows = counter({
  name: 'pg_stat_statements_rows_total',
  peer: 'postgres_exporter',
  help: 'Total number of rows retrieved or affected by the statement',
  labels,
})
export const statementReadSeconds = counter({
  name: 'pg_stat_statements_block_read_seconds_total',
  peer: 'postgres_exporter',
  help: 'Total time the statement spent reading blocks, in seconds (0 unless track_io_timing is on)',
  labels,
})
export const statementWriteSeconds = counter({
  name: 'pg_stat_statements_block_write_seconds_total',
  peer: 'postgres_exporter',
  help: 'Total time the statement spent writing blocks, in seconds (0 unless track_io_timing is on)',
  labels,
})
export const statementBlocksHit = counter({
  name: 'pg_stat_statements_shared_blocks_hit_total',
  help: 'Shared blocks that the statement found in the buffer cache',
  labels,
})
export const statementBlocksRead = counter({
  name: 'pg_stat_statements_shared_blocks_read_total',
  help: 'Shared blocks that the statement had to read',
  labels,
})
export const statementTempBlocks = counter({
  name: 'pg_stat_statements_temp_blocks_written_total',
  help: 'Temporary-file blocks that the statement wrote, because its work did not fit into work_mem',
  labels,
})
export const statementInfo = gauge({
  name: 'pg_stat_statements_query_info',
  help: 'The text of a statement shown by itself, its literals left out: always 1',
  labels: ['queryid', 'query'],
})
const statementId = counter({
  name: 'pg_stat_statements_query_id',
  peer: 'postgres_exporter',
  help: 'The same as pg_stat_statements_query_info, as postgres_exporter names it',
  labels: ['queryid', 'query'],
})

const measured = {
  calls: statementCalls,
  seconds: statementSeconds,
  rows: statementRows,
  read_seconds: statementReadSeconds,
  write_seconds: statementWriteSeconds,
  blocks_hit: statementBlocksHit,
  blocks_read: statementBlocksRead,
  temp_blocks: statementTempBlocks,
} as const

/**
 * Slow statements: the `limit` with the most total time, each by itself, and one remainder, so that sums over all series
 * are the server's own. Statements change places, so the remainder may fall: for a `rate` of everything there are totals.
 */
export const statements = ({ limit }: { readonly limit: number }): Collector<Postgres> => {
  const learn = texts()
  const count = counting()
  let known: Extension | undefined
  return {
    name: 'statements',
    metrics: [...Object.values(measured), ...totalMetrics, statementInfo, statementId],
    async collect(source) {
      // What was found last serves this scrape as well, so that it takes one round trip; it is looked at again beside it.
      const [looked, asked] = await Promise.allSettled([
        readableExtension(source),
        known ? source.table(statementsSql(known, limit)) : undefined,
      ])
      if (looked.status === 'rejected') throw looked.reason
      const same = known?.schema === looked.value.schema && known.release === looked.value.release
      known = looked.value
      if (same && asked.status === 'rejected') throw asked.reason
      const found =
        (same && asked.status === 'fulfilled' && asked.value) || (await source.table(statementsSql(known, limit)))
      const ids = found.columns.indexOf('queryid')
      const learned = await learn(source, known.schema, new Set(found.rows.map((row) => String(row[ids]))))
      const named = [...learned].flatMap(([queryid, query]) => (query ? [{ queryid, query, info: 1, id: 1 }] : []))
      return [
        ...readings(found, measured),
        ...readings(named, { info: statementInfo, id: statementId }),
        ...count(found),
      ]
    },
  }
}

interface Extension {
  readonly schema: string
  readonly release: number
}

/** Where the extension is and which release of it, or an error that says how to make its numbers readable. */
const readableExtension = async ({ rows }: Postgres): Promise<Extension> => {
  const [found] = await rows<{
    schema: string | null
    version: string | null
    preloaded: boolean
    database: string
    login: string
    reads: boolean
  }>(`
    select (select quote_ident(nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
            where extname = 'pg_stat_statements') as schema,
           (select extversion from pg_extension where extname = 'pg_stat_statements') as version,
           current_setting('pg_stat_statements.max', true) is not null as preloaded,
           current_database() as database, current_user as login,
           pg_has_role(current_user, 'pg_read_all_stats', 'usage') as reads`)
  if (!found) throw new Error('the server answered no row')
  const { schema, version, preloaded, database, login, reads } = found
  if (!preloaded) {
    throw new Error(
      `pg_stat_statements is not loaded: add it to shared_preload_libraries and restart the server` +
        (schema ? '' : `, then run CREATE EXTENSION pg_stat_statements in ${database}`),
    )
  }
  if (!schema || !version) {
    throw new Error(`pg_stat_statements is not installed: run CREATE EXTENSION pg_stat_statements in ${database}`)
  }
  // An upgrade of the server leaves the extension as it was. Before 1.8 the columns had other names.
  const release = Number(version.split('.')[1])
  if (release < 8) {
    throw new Error(
      `pg_stat_statements ${version} is too old: run ALTER EXTENSION pg_stat_statements UPDATE in ${database}`,
    )
  }
  if (!reads) throw new Error(`${login} may not read other users' statements: run GRANT pg_monitor TO "${login}"`)
  return { schema, release }
}

const sums = [
  'tracked',
  'calls',
  'seconds',
  'rows',
  'read_seconds',
  'write_seconds',
  'blocks_hit',
  'blocks_read',
  'temp_blocks',
]

const statementsSql = ({ schema, release }: Extension, limit: number) => {
  // Release 1.11 told shared from local blocks apart and renamed these two.
  const [readTime, writeTime] =
    release >= 11 ? ['shared_blk_read_time', 'shared_blk_write_time'] : ['blk_read_time', 'blk_write_time']
  const all = limit === Number.POSITIVE_INFINITY
  return `
    with statement as materialized (
      select userid, dbid, queryid, count(*)::float8 as tracked, sum(calls::float8) as calls,
             sum(total_exec_time) / 1000 as seconds, sum(rows::float8) as rows,
             sum(${readTime}) / 1000 as read_seconds, sum(${writeTime}) / 1000 as write_seconds,
             sum(shared_blks_hit::float8) as blocks_hit, sum(shared_blks_read::float8) as blocks_read,
             sum(temp_blks_written::float8) as temp_blocks
      from ${schema}.pg_stat_statements(false) group by 1, 2, 3
    ), longest as (
      select * from statement ${all ? '' : `order by seconds desc, queryid, userid, dbid limit ${limit}`}
    )
    select coalesce(rolname, userid::text) as "user", coalesce(datname, dbid::text) as datname,
           coalesce(queryid::text, '') as queryid, ${sums.join(', ')}
    from longest left join pg_roles r on r.oid = userid left join pg_database d on d.oid = dbid
    union all
    select '', '', '${remainder}', ${sums.map((name) => `sum(${name})`).join(', ')}
    from statement s where not exists (
      select from longest l
      where l.userid = s.userid and l.dbid = s.dbid and coalesce(l.queryid, 0) = coalesce(s.queryid, 0)
    )
    having count(*) > 0`
}

const longestText = 500

/** Milliseconds. New statements enter at most scrapes of a busy server; their texts can wait. */
const textsEvery = 60_000

/** Reads only the texts not read before, and not at every scrape: for them the server reads its whole file of texts. */
const texts = () => {
  const learned = new Map<string, string>()
  let last = -Infinity
  return async (
    { rows }: Postgres,
    schema: string,
    shown: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, string>> => {
    for (const id of learned.keys()) if (!shown.has(id)) learned.delete(id)
    const missing = [...shown].filter((id) => id !== '' && id !== remainder && !learned.has(id))
    if (missing.length === 0 || performance.now() - last < textsEvery) return learned
    last = performance.now()
    const found = await rows<{ queryid: string; query: string }>(
      `select distinct on (queryid) queryid::text, query from ${schema}.pg_stat_statements(true)
       where queryid = any('{${missing.join()}}'::int8[]) and query is not null order by queryid`,
    )
    // A text that the server has lost is not asked for again.
    for (const id of missing) learned.set(id, '')
    for (const { queryid, query } of found) learned.set(queryid, shorten(withoutLiterals(query)))
    return learned
  }
}

const shorten = (query: string) => (query.length > longestText ? `${query.slice(0, longestText - 1)}…` : query)
