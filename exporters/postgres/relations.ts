/** A CTE `locked (relation)`: what somebody holds or awaits an exclusive lock on, its table's parts and indexes included. */
export const lockedRelations = `
  exclusive as (
    select relation from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())
  ), locked as (
    select relation from exclusive
    union select reltoastrelid from pg_class where oid in (select relation from exclusive)
    union select indexrelid from pg_index where indrelid in (select relation from exclusive)
    union select indrelid from pg_index where indexrelid in (select relation from exclusive)
  )`

/** The size of a relation in bytes as SQL. Asking the server waits for an exclusive lock and would fail the whole query; the catalogue's page count, as of the last vacuum or analyze, does not. */
export const sizeUnlessLocked = (relation: string, exact: string) =>
  `case when ${relation}.oid in (select relation from locked)
        then ${relation}.relpages::bigint * current_setting('block_size')::int else ${exact} end`
