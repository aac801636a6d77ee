import { type CleanupSetting, cleanupSetting } from '../../config/cleanup.ts'
import type { Env } from '../../config/env.ts'
import { type JobSetting, jobs } from '../../config/jobs.ts'
import { type ReservationTable, reservationTable } from '../../config/reservations.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { cleanupCeilingReached, cleanupLeft } from '../../exporters/jobs/cleanup.ts'
import { type Job, type Plan, Refused, type Run, Undecided } from '../job.ts'
import { cachePart } from './cache-part.ts'
import { allowing, type Permitted, raised } from './ceilings.ts'
import { databasePart } from './database-part.ts'
import type { Part } from './part.ts'

interface More {
  /** More than the ceilings allow, for one run: `reservations=250000`. */
  readonly allow?: readonly string[]
  readonly setting?: JobSetting
  readonly what?: CleanupSetting
  readonly table?: ReservationTable
}

/**
 * Removes reservations that were completed past their time, clears management tokens that have expired, rebuilds bloated
 * indexes, and removes what was put aside in Redis and sessions there that would never end.
 *
 * Where it departs from the handbook:
 * - The handbook deletes the reservation of an expired token. Every confirmed reservation has a token that expires when the
 *   guests come: what it deletes are bookings of yesterday, paid ones among them. Here the token goes and the reservation stays.
 * - It deletes all at once, and whoever wants one of the rows waits for the end. Here it goes in small batches with pauses.
 * - It rebuilds every index, each shut for the time. Here only bloated ones, beside the work.
 * - It removes every session without an end. Here only those that nobody used for days; `idleDays: 0` removes all.
 */
export const cleanupJob = (env: Env, more: More = {}): Job => {
  const { setting = jobs.cleanup } = more
  return {
    name: 'cleanup',
    setting,
    plan: (signal) => planned(env, more, signal),
    allowing: (allow) => cleanupJob(env, { ...more, allow }),
  }
}

const planned = async (env: Env, more: More, signal: AbortSignal): Promise<Plan> => {
  const { what = cleanupSetting, table = reservationTable, allow = [] } = more
  const ceilings = ceilingsOf(what, allow)
  const { JOBS_DATABASE_URL: url, JOBS_REDIS_URL: cacheUrl } = env
  const tls = { ca: env.REDIS_TLS_CA, cert: env.REDIS_TLS_CERT, key: env.REDIS_TLS_KEY }
  const { database, cache } = what
  const parts = await together([
    database &&
      (() =>
        databasePart({
          url: given('JOBS_DATABASE_URL', 'database', url),
          setting: database,
          table,
          ceilings,
          signal,
        })),
    cache &&
      (() => cachePart({ url: given('JOBS_REDIS_URL', 'cache', cacheUrl), tls, setting: cache, ceilings, signal })),
  ])
  const over = parts.flatMap(({ kinds }) => kinds.filter((kind) => kind.over))
  const steps = [...parts.flatMap((part) => part.steps), ...over.map((one) => asks(one))]
  return {
    steps: steps.length > 0 ? steps : ['do nothing: nothing is due'],
    run: (run) => runAll(parts, over, run),
  }
}

const ceilingsOf = (what: CleanupSetting, allow: readonly string[]) => {
  try {
    return raised(what.ceilings, allow)
  } catch (cause) {
    throw new Refused([wordsOf(cause)], { cause })
  }
}

const given = (variable: string, part: string, url: string | undefined) => {
  if (url !== undefined) return url
  throw new Refused([
    `${variable} is missing: it names what is cleaned (or leave \`${part}\` out of config/cleanup.ts)`,
  ])
}

const asks = (one: Permitted) =>
  `leave ${one.due} ${words[one.kind]} alone, as more than ${one.most} do not go without a word. Once, this lets them: ${allowing([one])}`

const words = {
  reservations: 'reservations',
  tokens: 'tokens',
  expired_keys: 'expired keys',
  sessions: 'sessions',
} as const

/** Looks at all servers at once, and names the faults of all of them. */
const together = async (plans: readonly ((() => Promise<Part>) | undefined)[]): Promise<readonly Part[]> => {
  const looked = await Promise.allSettled(plans.flatMap((plan) => (plan ? [Promise.resolve().then(plan)] : [])))
  const faults: string[] = []
  for (const one of looked) {
    if (one.status === 'fulfilled') continue
    if (!(one.reason instanceof Refused)) throw one.reason
    faults.push(...one.reason.faults)
  }
  if (faults.length > 0) throw new Refused(faults)
  return looked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

/** A server that fails takes nothing from the other. */
const runAll = async (parts: readonly Part[], over: readonly Permitted[], run: Run): Promise<string> => {
  for (const { kind, due, over: asked } of parts.flatMap(({ kinds }) => kinds)) {
    run.measured(cleanupCeilingReached.sample(asked ? 1 : 0, { what: kind }))
    if (asked) run.measured(cleanupLeft.sample(due, { what: kind }))
  }
  const done: string[] = []
  for (const part of parts) {
    try {
      done.push(...(await part.run(run)))
    } catch (cause) {
      run.signal.throwIfAborted()
      run.failure(wordsOf(cause))
    }
  }
  const what = done.length > 0 ? done.join(', ') : 'nothing was due'
  if (over.length === 0) return what
  const asked = over.map(({ kind, due, most }) => `${due} ${words[kind]} (at most ${most} go without a word)`)
  throw new Undecided(`${what}; left are ${asked.join(', ')}. To let them go once: ${allowing(over)}`)
}
