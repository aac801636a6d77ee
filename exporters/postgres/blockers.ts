import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import type { Postgres } from './source.ts'

export const blockedSessions = gauge({
  name: 'pg_blocked_sessions',
  counts: 'sessions',
  help: 'Sessions that wait for a lock which somebody else holds or was first to ask for',
  labels: ['datname'],
})
export const blockedLongest = gauge({
  name: 'pg_blocked_longest_seconds',
  help: 'How long the one that waits longest has waited, 0 if none does. Before PostgreSQL 14: since its statement began',
  labels: ['datname'],
})

const labels = ['datname', 'usename', 'application_name', 'state', 'queryid'] as const

export const blockerSessions = gauge({
  name: 'pg_blocker_blocked_sessions',
  counts: 'sessions',
  help: 'Sessions that wait for this one, directly or behind others, which itself waits for nobody; state prepared: a prepared transaction. The 20 with most, and the rest',
  labels,
})
export const blockerLongest = gauge({
  name: 'pg_blocker_longest_wait_seconds',
  help: 'How long the one that waits longest for it has waited',
  labels,
})
export const blockerTransaction = gauge({
  name: 'pg_blocker_transaction_seconds',
  help: 'Age of its transaction, at whose end it lets go',
  labels,
})
export const blockerProcess = gauge({
  name: 'pg_blocker_pid',
  counts: 'process id',
  help: 'The process that pg_terminate_backend() would end. As a value, because as a label it would make new series without end',
  labels,
})

const waited = { sessions: blockedSessions, longest: blockedLongest }
const roots = {
  sessions: blockerSessions,
  longest: blockerLongest,
  transaction: blockerTransaction,
  process: blockerProcess,
}

/** Who blocks whom, and how long: only those at the head of a queue, whom it helps to ask. */
export const blockers: Collector<Postgres> = {
  name: 'blockers',
  metrics: [...Object.values(waited), ...Object.values(roots)],
  async collect({ rows, table, version }) {
    const [[rights], databases, found] = await Promise.all([
      rows<{ readonly me: string; readonly sees: boolean }>(rightsSql),
      table(databasesSql(version)),
      table(rootsSql(version)),
    ])
    if (!rights?.sees)
      throw new Error(`${rights?.me} may not see other sessions: run GRANT pg_monitor TO "${rights?.me}"`)
    return [...readings(databases, waited), ...readings(found, roots)]
  },
}

const rightsSql = `select current_user as me, pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees`

/** Sessions, the longest wait first: a parallel worker waits on behalf of its leader. */
const waitingSql = (version: number) => `
  waiting as materialized (
    select coalesce(leader_pid, pid) as pid, max(datname) as datname,
           extract(epoch from max(clock_timestamp() - ${version >= 140_000 ? 'coalesce(waitstart, state_change)' : 'query_start'}))
             as seconds
    from pg_stat_activity ${
      version >= 140_000
        ? 'left join (select pid, min(waitstart) as waitstart from pg_locks where not granted group by pid) l using (pid)'
        : ''
    }
    where wait_event_type = 'Lock' group by 1 order by seconds desc
  )`

const databasesSql = (version: number) => `
  with ${waitingSql(version)}
  select d.datname, count(pid) as sessions, coalesce(max(seconds), 0)::float8 as longest
  from pg_database d left join waiting w on w.datname = d.datname where datallowconn group by d.datname`

/** The server holds up all its locks for a moment for each who is asked about. */
const askedAbout = 200
const shown = 20

/**
 * From the head of each queue down to everybody behind it. 0 is who no session is: a prepared transaction. Those not asked
 * about, whose wait is shorter, count among the rest.
 */
const rootsSql = (version: number) => `
  with recursive ${waitingSql(version)}, asked as materialized (
    select *, pg_blocking_pids(pid) as blockers from (select * from waiting limit ${askedAbout}) longest
  ), edge as materialized (
    select distinct pid as waiter, datname, seconds, blocker from asked, unnest(blockers) as blocker
  ), behind (root, waiter, datname, seconds) as (
    select blocker, waiter, datname, seconds from edge where blocker not in (select waiter from edge)
    union select root, e.waiter, e.datname, e.seconds from behind b join edge e on e.blocker = b.waiter
  ), root as (
    select root as pid, max(datname) as waits_in, count(*) as sessions, max(seconds) as longest from behind group by 1
  ), grouped as (
    select coalesce(a.datname, waits_in) as datname, coalesce(usename, '') as usename,
           coalesce(nullif(application_name, ''), backend_type, '') as application_name,
           case when r.pid = 0 then 'prepared' else coalesce(state, '') end as state,
           ${version >= 140_000 ? "coalesce(query_id::text, '')" : "''"} as queryid,
           sum(sessions) as sessions, max(longest) as longest,
           extract(epoch from max(clock_timestamp() - xact_start)) as transaction,
           (array_agg(r.pid order by sessions desc, longest desc))[1] as process
    from root r left join pg_stat_activity a on a.pid = r.pid group by 1, 2, 3, 4, 5
  ), placed as (
    select *, row_number() over (order by sessions desc, longest desc, process) as place from grouped
  ), unasked as (select count(*) as sessions, max(seconds) as longest from (select * from waiting offset ${askedAbout}) w)
  select datname, usename, application_name, state, queryid, sessions, longest::float8, transaction::float8,
         nullif(process, 0) as process
  from placed where place <= ${shown}
  union all
  select '', '', '', '', '${remainder}', sum(sessions), max(longest)::float8, max(transaction)::float8, null
  from (select sessions, longest, transaction from placed where place > ${shown}
        union all select sessions, longest, null from unasked where sessions > 0) rest having count(*) > 0`
