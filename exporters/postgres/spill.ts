import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import type { Postgres } from './source.ts'

export const temporaryFiles = gauge({
  name: 'pg_temporary_files',
  counts: 'files',
  help: 'Temporary files that queries hold now, as sorts and hashes make them that outgrow work_mem',
  labels: ['tablespace'],
})
export const temporaryFilesSize = gauge({
  name: 'pg_temporary_files_size_bytes',
  help: 'Disk space of the temporary files that queries hold now; those that parallel workers share are not listed by the server',
  labels: ['tablespace'],
})
export const sessionSpill = gauge({
  name: 'pg_session_temporary_files_size_bytes',
  help: 'The same by who runs the query: the 20 largest and the rest; no series if there are none',
  labels: ['datname', 'usename', 'application_name', 'queryid'],
})

const inTablespace = { files: temporaryFiles, size: temporaryFilesSize }
const shown = 20

/**
 * What spills to disk at this moment. `pg_stat_database_temp_bytes` counts a file when it is closed: it says nothing of the
 * query that is filling the disk.
 */
export const spill: Collector<Postgres> = {
  name: 'spill',
  metrics: [...Object.values(inTablespace), sessionSpill],
  async collect({ table, version }) {
    const [tablespaces, sessions] = await Promise.all([table(tablespacesSql), table(sessionsSql(version))]).catch(
      remedy,
    )
    return [...readings(tablespaces, inTablespace), ...readings(sessions, { size: sessionSpill })]
  },
}

const remedy = (cause: unknown): never => {
  if (!(cause instanceof Error && cause.message.startsWith('permission denied'))) throw cause
  throw new Error(`could not list temporary files: ${cause.message}: run GRANT pg_monitor TO the login`, { cause })
}

/** pg_global holds what the databases share, and no temporary files: asked for it, the server lists those of pg_default. */
const files = `pg_tablespace t left join lateral pg_ls_tmpdir(t.oid) f on true where spcname <> 'pg_global'`

const tablespacesSql = `
  select spcname as tablespace, count(f.name) as files, coalesce(sum(f.size), 0) as size from ${files} group by 1`

/** A temporary file is named after the process that made it. */
const sessionsSql = (version: number) => `
  with held as (
    select substring(f.name from '^pgsql_tmp(\\d+)\\.') as pid, sum(f.size) as size from ${files} and f.name is not null group by 1
  ), grouped as (
    select coalesce(datname, '') as datname, coalesce(usename, '') as usename,
           coalesce(nullif(application_name, ''), backend_type, '') as application_name,
           ${version >= 140_000 ? "coalesce(query_id::text, '')" : "''"} as queryid, sum(size) as size
    from held left join pg_stat_activity a on a.pid = held.pid::int group by 1, 2, 3, 4
  ), placed as (select *, row_number() over (order by size desc, datname, usename, application_name, queryid) as place from grouped)
  select datname, usename, application_name, queryid, size from placed where place <= ${shown}
  union all select '', '', '', '${remainder}', sum(size) from placed where place > ${shown} having count(*) > 0`
