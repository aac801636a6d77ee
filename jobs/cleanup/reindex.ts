import { setTimeout as delay } from 'node:timers/promises'
import type { ReindexSetting } from '../../config/cleanup.ts'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import type { Session } from '../../exporters/postgres/session.ts'
import type { Run } from '../job.ts'
import { building, type Index, type IndexPlan, leavings } from './indexes.ts'

interface Work extends Pick<IndexPlan, 'tables' | 'rebuild'> {
  /** It does the work; its settings are its own, and it is closed afterwards. */
  readonly session: Session
  /** Looks on meanwhile. */
  readonly watch: Session
  readonly setting: ReindexSetting
}

/** Milliseconds: between two looks at a rebuild; that one of a killed run has to end in. */
const every = 1_000
const ending = 30_000

/**
 * Drops what a rebuild that was cut short left, and rebuilds bloated indexes one at a time, beside everybody's work.
 * @returns how many were rebuilt
 */
export const reindexAll = async (work: Work, run: Run): Promise<number> => {
  const { session, watch, tables, rebuild, setting } = work
  if (tables.length === 0) return 0
  await settle(session, setting)
  if (!(await quiet(watch, tables, run))) {
    run.step('somebody else builds an index of these tables: none is rebuilt')
    return 0
  }
  await dropLeavings(work, run)
  let done = 0
  for (const index of rebuild) {
    run.step(`rebuilding ${index.sql}, of whose ${index.bytes} bytes ${Math.round(index.bloat)} hold nothing`)
    const outcome = await rebuilt(work, index, run)
    if (outcome === 'rebuilt') done += 1
    else await dropLeavings(work, run)
    // Whoever holds up one holds up the next.
    if (outcome === 'held up') return done
  }
  return done
}

/**
 * REINDEX CONCURRENTLY runs in no transaction: these are the session's. A server whose client was killed finds out by
 * looking at the connection, which it otherwise does not do before its work is done.
 */
const settle = async ({ query }: Session, { lockMs }: ReindexSetting) => {
  await query(`select set_config('statement_timeout', '0', false), set_config('lock_timeout', '${lockMs}', false)`)
  // From PostgreSQL 14 on, where the system lets it look.
  await query(`select set_config('client_connection_check_interval', '2000', false)`).catch(() => undefined)
}

/** Whether nobody builds an index there. One that a killed run began ends soon. */
const quiet = async ({ query }: Session, tables: readonly string[], run: Run) => {
  const deadline = performance.now() + ending
  while ((await query(building(tables)))[0]?.found === true) {
    if (performance.now() > deadline) return false
    await delay(every / 4, undefined, { signal: run.signal })
  }
  return true
}

const dropLeavings = async ({ session, tables }: Work, run: Run) => {
  for (const { sql } of await session.query(leavings(tables))) {
    run.step(`dropping ${String(sql)}, which a rebuild that was cut short left`)
    await session.query(`drop index concurrently if exists ${String(sql)}`).catch((cause: unknown) => {
      if (!isCode(cause, '55P03')) throw cause
      run.step(`${String(sql)} is in use, and is left for the next run`)
    })
  }
}

type Outcome = 'rebuilt' | 'held up' | 'failed'

const rebuilt = async ({ session, watch }: Work, { sql }: Index, run: Run): Promise<Outcome> => {
  const [row] = await session.query('select pg_backend_pid() as pid')
  const over = new AbortController()
  const looking = follow(watch, Number(row?.pid), run, over.signal)
  try {
    await session.query(`reindex index concurrently ${sql}`)
    return 'rebuilt'
  } catch (cause) {
    run.signal.throwIfAborted()
    // A transaction that is open for long, or two who wait for each other.
    if (isCode(cause, '55P03') || isCode(cause, '40P01')) {
      run.step(
        `could not rebuild ${sql} beside the transactions that are open (${wordsOf(cause)}): it is left for the next run`,
      )
      return 'held up'
    }
    run.failure(`could not rebuild ${sql}: ${wordsOf(cause)}`)
    return 'failed'
  } finally {
    over.abort()
    await looking
  }
}

/** Takes what the server says of the work as progress, as long as it changes. */
const follow = async ({ query }: Session, pid: number, run: Run, over: AbortSignal) => {
  let last = ''
  while (!over.aborted) {
    const asked = query(
      `select concat_ws(' ', phase, lockers_done, blocks_done, tuples_done) as at from pg_stat_progress_create_index where pid = $1`,
      [pid],
    )
    const [row] = await asked.catch(() => [])
    const at = String(row?.at ?? last)
    if (at !== last) run.progress()
    last = at
    await delay(every, undefined, { signal: over }).catch(() => undefined)
  }
}
