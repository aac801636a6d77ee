import { setTimeout as delay } from 'node:timers/promises'
import type { BatchSetting } from '../../config/cleanup.ts'
import { codeOf, isCode, wordsOf } from '../../exporters/failure.ts'
import type { Session } from '../../exporters/postgres/session.ts'
import type { Run } from '../job.ts'

/** What is done to the rows that meet a condition. */
export interface Sweep {
  /** The table, as SQL has it. Its rows are `r` in the condition. */
  readonly table: string
  readonly condition: string
  /** `delete`, or what is set. */
  readonly change: 'delete' | { readonly set: string }
  /** Rows that may be changed at most. */
  readonly most: number
  /** As in `120 reservations`. */
  readonly words: string
}

/** Rows that are looked up at one go. Looking holds no lock that a writer waits for. */
const slice = 20_000
/** Milliseconds that looking may take. */
const lookMs = 300_000
/** So many single rows in succession that take too long, and something is wrong with the table. */
const patience = 10

/**
 * What befalls a row and nobody else: the rest of its batch is tried without it. A lock that somebody holds, the time a
 * statement has, a deadlock, a change in between; another row that depends on it, and what triggers raise.
 */
const busy = /^(55P03|57014|40P01|40001)$/
const ofRow = /^(23|27|44|P0001)/

/**
 * Changes rows in batches. Each is a transaction of its own, found by where its rows stand, and looked at again under their
 * locks: a row that was changed meanwhile is not touched unless it is still due, and one that is locked is left.
 * @param count told how many rows were changed so far, as soon as they are
 */
export const sweep = async (
  session: Session,
  work: Sweep,
  setting: BatchSetting,
  run: Run,
  count: (changed: number) => void,
): Promise<void> => {
  const tried = new Set<string>()
  const pace = paceOf(setting)
  let changed = 0
  let slow = 0
  const attempt = async (places: readonly string[]): Promise<void> => {
    if (places.length === 0) return
    run.signal.throwIfAborted()
    const began = performance.now()
    const outcome = await inOne(session, work, setting, places)
    run.progress()
    const took = performance.now() - began
    if (outcome.done) {
      changed += outcome.count
      count(changed)
      slow = 0
      if (outcome.count < places.length) for (const place of places) tried.add(place)
      pace.took(places.length, took)
      return delay(took * setting.pause, undefined, { signal: run.signal })
    }
    pace.failed(places.length)
    await delay(took * setting.pause, undefined, { signal: run.signal })
    const [place] = places
    if (places.length === 1 && place !== undefined) {
      tried.add(place)
      slow = outcome.late ? slow + 1 : 0
      if (slow < patience) return
      throw new Error(
        `could not change single rows of ${work.table} within ${setting.statementMs} ms: look for a foreign key to it whose column has no index, and for what locks it`,
      )
    }
    const half = Math.ceil(places.length / 2)
    await attempt(places.slice(0, half))
    await attempt(places.slice(half))
  }
  for (;;) {
    const found = (await look(session, work, slice + tried.size)).filter((place) => !tried.has(place))
    if (found.length === 0 || changed >= work.most) return
    for (let at = 0; at < found.length && changed < work.most; ) {
      const next = found.slice(at, at + Math.min(pace.rows(), work.most - changed))
      at += next.length
      await attempt(next)
    }
    run.step(`${changed} ${work.words} so far`)
  }
}

interface Pace {
  rows(): number
  took(rows: number, milliseconds: number): void
  failed(rows: number): void
}

/** As many rows as fit into the time that a batch should take: at most twice as many as before. */
export const paceOf = ({ rows, mostRows, aimMs }: BatchSetting): Pace => {
  let next = rows
  return {
    rows: () => next,
    took: (done, milliseconds) => {
      const fitting = Math.floor((done * aimMs) / Math.max(milliseconds, 1))
      next = Math.max(1, Math.min(fitting, 2 * next, mostRows))
    },
    failed: (asked) => {
      next = Math.max(1, Math.floor(asked / 2))
    },
  }
}

const settings = (statement: number, lock: number) => `
  select set_config('statement_timeout', '${statement}', true), set_config('lock_timeout', '${lock}', true),
         set_config('idle_in_transaction_session_timeout', '${Math.max(statement, 1_000)}', true)`

/**
 * A transaction of one statement, in one message: its locks are not held while it travels, or while we are busy.
 * One that could not be ended is of no use any more: the server ends it with the connection.
 */
const transaction = async (session: Session, limits: string, statement: string) => {
  try {
    const [, , rows = []] = await session.script(
      `begin isolation level read committed; ${limits}; ${statement}; commit`,
    )
    return rows
  } catch (cause) {
    await session.query('rollback').catch(() => session.drop())
    throw cause
  }
}

const look = async (session: Session, { table, condition }: Sweep, most: number) => {
  const asked = `select r.ctid::text as place from ${table} r where ${condition} limit ${most}`
  return (await transaction(session, settings(lookMs, 10_000), asked)).map(({ place }) => String(place))
}

type Outcome = { readonly done: true; readonly count: number } | { readonly done: false; readonly late: boolean }

const inOne = async (
  session: Session,
  work: Sweep,
  { statementMs, lockMs }: BatchSetting,
  places: readonly string[],
): Promise<Outcome> => {
  try {
    const rows = await transaction(session, settings(statementMs, lockMs), statementOf(work, places))
    return { done: true, count: Number(rows[0]?.count ?? 0) }
  } catch (cause) {
    const code = codeOf(cause)
    if (busy.test(code) || ofRow.test(code)) return { done: false, late: code === '57014' || isShut(cause) }
    throw new Error(`could not clean ${work.table}: ${wordsOf(cause)}`, { cause })
  }
}

/**
 * Whether a whole table is locked, as while an index is built, and not a row of it, of which the server says where it is:
 * to try each of thousands of rows would take hours.
 */
const isShut = (cause: unknown) =>
  isCode(cause, '55P03') && !(cause instanceof Error && 'where' in cause && /\btuple\b/.test(String(cause.where)))

/** As the server told it: block and row. */
const quoted = (place: string) => {
  if (/^\(\d+,\d+\)$/.test(place)) return `"${place}"`
  throw new Error(`${place} is no place of a row`)
}

/** A place is one row of each partition. The list stands twice, so that no plan reads the whole table. */
const statementOf = ({ table, condition, change }: Sweep, places: readonly string[]) => {
  const found = `r.ctid = any('{${places.map(quoted).join(',')}}'::tid[])`
  const [verb, more] =
    change === 'delete' ? [`delete from ${table} r`, 'using'] : [`update ${table} r set ${change.set}`, 'from']
  return `
    with due as materialized (
      select r.tableoid as part, r.ctid as place from ${table} r where ${found} and ${condition} for update of r skip locked
    ), changed as (
      ${verb} ${more} due where ${found} and r.tableoid = due.part and r.ctid = due.place returning 1
    ) select count(*)::int as count from changed`
}
