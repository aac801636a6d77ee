import { identifier } from './quoting.ts'
import type { Database } from './source.ts'

const schema = 'monitoring'
const view = `${schema}.column_widths`
const columns = 'starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct'

/**
 * What a superuser runs in a database so that `login` may read how wide its columns are, in tables it may not read. The
 * statistics of the server hold values of users as well: this shows none.
 */
export const columnWidthsView = (login: string) => `
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE OR REPLACE VIEW ${view} AS SELECT ${columns} FROM pg_statistic;
  GRANT USAGE ON SCHEMA ${schema} TO ${identifier(login)};
  GRANT SELECT ON ${view} TO ${identifier(login)};`

export interface Widths {
  /** A CTE `width (relid, attnum, nulls, width, distinct)`, at least of the relations that a CTE `wanted (oid)` names. */
  readonly cte: string
  /** Whether it tells of every table. */
  readonly complete: boolean
  readonly login: string
}

/** The view where it may be read, and what PostgreSQL shows of tables whose rows the login may read otherwise. */
export const widthsOf = async ({ rows }: Database): Promise<Widths> => {
  const [found] = await rows<{ readonly login: string; readonly complete: boolean }>(`
    select current_user as login, exists (
      select from pg_class c join pg_namespace n on n.oid = relnamespace
      where nspname = '${schema}' and relname = 'column_widths'
        and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')
    ) as complete`)
  const complete = found?.complete ?? false
  return { cte: complete ? fromView : fromServer, complete, login: found?.login ?? '' }
}

const fromView = `
  width as not materialized (
    select starelid as relid, staattnum as attnum, stanullfrac as nulls, stawidth as width, stadistinct as distinct
    from ${view} where not stainherit
  )`

/** By name, as PostgreSQL's own view has no oids. */
const fromServer = `
  width as materialized (
    select a.attrelid as relid, a.attnum, null_frac as nulls, avg_width as width, n_distinct as distinct
    from pg_stats s join pg_namespace n on nspname = schemaname join pg_class c on relnamespace = n.oid and relname = tablename
      join pg_attribute a on attrelid = c.oid and a.attname = s.attname
    where not inherited and c.oid in (select oid from wanted)
  )`
