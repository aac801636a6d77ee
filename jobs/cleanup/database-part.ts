import type { Ceilings, DatabaseCleanup } from '../../config/cleanup.ts'
import type { ReservationTable } from '../../config/reservations.ts'
import { cleanupLeft, cleanupReindexed, cleanupRemoved } from '../../exporters/jobs/cleanup.ts'
import { openSession, type Session } from '../../exporters/postgres/session.ts'
import type { Run } from '../job.ts'
import { sweep } from './batches.ts'
import { type Permitted, permitted } from './ceilings.ts'
import { applicationName, asking, type Known, readDatabase } from './database.ts'
import { allOf } from './dependants.ts'
import { counted, doomed } from './due.ts'
import { type IndexPlan, readIndexes } from './indexes.ts'
import type { Part } from './part.ts'
import { reindexAll } from './reindex.ts'

interface Options {
  readonly url: string
  readonly setting: DatabaseCleanup
  readonly table: ReservationTable
  readonly ceilings: Ceilings
  readonly signal: AbortSignal
}

/** @throws Refused where the database is not the one, or does not let us */
export const databasePart = async (options: Options): Promise<Part> => {
  const { url, setting, ceilings, signal } = options
  const known = await readDatabase(options)
  const indexes = await asking(url, signal, (database) => readIndexes(database, setting, url))
  const { old, held, expired, expiredOld } = known.counted
  const reservations = permitted(ceilings, 'reservations', old - held)
  // What goes as a whole needs no clearing.
  const tokens = permitted(ceilings, 'tokens', expired - (reservations.over ? 0 : expiredOld))
  return {
    steps: stepsOf(known, indexes, reservations, tokens),
    kinds: [reservations, tokens],
    run: (run) => clean({ ...options, known, indexes, reservations, tokens }, run),
  }
}

const stepsOf = (known: Known, indexes: IndexPlan, reservations: Permitted, tokens: Permitted) => {
  const { book, due, counted: count, dependants, name } = known
  const table = `${book.relation.sql} of database ${name}`
  const goes = reservations.due > 0 && !reservations.over
  const going = count.going.filter((one) => one.count > 0).map((one) => `${one.count} rows of ${one.table}`)
  const unindexed = allOf(dependants).filter((one) => !one.indexed)
  return [
    ...(goes
      ? [
          `delete ${reservations.due} reservations completed before ${due.before} from ${table}${going.length > 0 ? `, and with them ${going.join(' and ')}` : ''}`,
        ]
      : []),
    ...(count.held > 0 ? [`leave ${count.held} such reservations that other rows depend on`] : []),
    ...(goes
      ? unindexed.map(
          (one) =>
            `read all of ${one.table} for each of them, as no index of it begins with ${one.columns.map(([column]) => column).join(', ')}: create one`,
        )
      : []),
    ...(tokens.due > 0 && !tokens.over
      ? [`clear ${tokens.due} expired tokens of ${table}; the reservations stay`]
      : []),
    ...indexes.leavings.map((index) => `drop ${index}, which a rebuild that was cut short left`),
    ...indexes.rebuild.map(
      ({ sql, bytes, bloat }) =>
        `rebuild ${sql}, beside the work: ${Math.round((100 * bloat) / Math.max(1, bytes))} % of its ${bytes} bytes hold nothing`,
    ),
    ...indexes.left.map((words) => `not rebuild ${words}`),
  ]
}

interface Work extends Options {
  readonly known: Known
  readonly indexes: IndexPlan
  readonly reservations: Permitted
  readonly tokens: Permitted
}

const clean = async (work: Work, run: Run): Promise<readonly string[]> => {
  const { url, known, indexes, reservations, tokens, setting } = work
  const open = () => openSession({ url, applicationName, signal: run.signal })
  const session = await open()
  try {
    const deleted = reservations.over ? 0 : await remove(session, work, run)
    const cleared = tokens.over ? 0 : await clear(session, work, run)
    const left = await leftOver(work, run)
    nothingDone(run, {
      kind: reservations,
      done: deleted,
      left: left.reservations,
      words: 'reservations',
      doing: 'deleted',
    })
    nothingDone(run, { kind: tokens, done: cleared, left: left.tokens, words: 'expired tokens', doing: 'cleared' })
    const nothing = indexes.rebuild.length === 0 && indexes.leavings.length === 0
    const rebuilt = nothing ? 0 : await rebuild(open, work, run)
    run.measured(cleanupReindexed.sample(rebuilt))
    return [
      `${deleted} reservations deleted${leftWords([left.held, 'that other rows depend on'], [left.reservations, kept])}`,
      `${cleared} tokens cleared${leftWords([left.tokens, kept])}`,
      `${rebuilt} indexes of ${setting.reindex.tables.length} tables rebuilt`,
      ...(known.counted.going.length > 0 && deleted > 0
        ? [
            `with the reservations went rows of ${[...new Set(known.counted.going.map(({ table }) => table))].join(', ')}`,
          ]
        : []),
    ]
  } finally {
    await session.close()
  }
}

const kept = 'that somebody had locked, or that the database would not change'

const leftWords = (...all: readonly (readonly [count: number, why: string])[]) => {
  const left = all.flatMap(([count, why]) => (count > 0 ? [`${count} are left ${why}`] : []))
  return left.length > 0 ? ` (${left.join(', ')})` : ''
}

interface Swept {
  readonly kind: Permitted
  readonly done: number
  readonly left: number
  readonly words: string
  readonly doing: string
}

/** Rows that are left are tried again by the next run; where it was all of them, nobody would hear of it for ever. */
const nothingDone = (run: Run, { kind, done, left, words, doing }: Swept) => {
  if (kind.over || kind.due === 0 || done > 0 || left === 0) return
  run.failure(
    `none of ${left} ${words} that are due could be ${doing}: look for a transaction that is open for long (select pid, xact_start, query from pg_stat_activity order by xact_start), and for a trigger that refuses`,
  )
}

const remove = async (session: Session, { known, reservations, setting }: Work, run: Run) => {
  const { book, due } = known
  const table = book.relation.sql
  const work = {
    table,
    condition: doomed(due),
    change: 'delete',
    most: reservations.most,
    words: 'reservations deleted',
  } as const
  return told(run, 'reservations', (count) => sweep(session, work, setting.batch, run, count))
}

const clear = async (session: Session, { known, tokens, setting }: Work, run: Run) => {
  const { book, due, clearsEnd } = known
  if (!book.tokens) return 0
  const { token, expires } = book.tokens
  const set = clearsEnd ? `${token} = null, ${expires} = null` : `${token} = null`
  const work = {
    table: book.relation.sql,
    condition: due.expired,
    change: { set },
    most: tokens.most,
    words: 'tokens cleared',
  } as const
  return told(run, 'tokens', (count) => sweep(session, work, setting.batch, run, count))
}

/** What was done is told also where it ends with a failure. */
const told = async (
  run: Run,
  what: 'reservations' | 'tokens',
  work: (count: (changed: number) => void) => Promise<void>,
) => {
  let changed = 0
  try {
    await work((count) => {
      changed = count
    })
  } finally {
    run.measured(cleanupRemoved.sample(changed, { what }))
  }
  return changed
}

/** What is due still, and might have gone: what others depend on by itself. None is told of what was not to go. */
const leftOver = ({ url, known, reservations, tokens }: Work, run: Run) =>
  asking(url, run.signal, async (database) => {
    const { old, held, expired } = await counted(database, known.book, known.due, known.dependants)
    if (!reservations.over) run.measured(cleanupLeft.sample(old, { what: 'reservations' }))
    if (!tokens.over) run.measured(cleanupLeft.sample(expired, { what: 'tokens' }))
    return { held, reservations: reservations.over ? 0 : old - held, tokens: tokens.over ? 0 : expired }
  })

const rebuild = async (open: () => Promise<Session>, { indexes, setting }: Work, run: Run) => {
  const session = await open()
  try {
    const watch = await open()
    try {
      return await reindexAll({ ...indexes, session, watch, setting: setting.reindex }, run)
    } finally {
      await watch.close()
    }
  } finally {
    await session.close()
  }
}
