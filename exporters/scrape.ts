import { setMaxListeners } from 'node:events'
import type { Account, Collector, Scraped, Vitals } from './collector.ts'
import { isTable, type Reading } from './reading.ts'
import { type Snapshot, snapshotOf } from './snapshot.ts'

export interface Log {
  info(context: object, message: string): void
  warn(context: object, message: string): void
}

/**
 * Scrapes a source within `budget` milliseconds, by the collectors named or by all. Never throws: what failed is among the
 * readings, and in the log.
 */
export type Scrape = (budget: number, names?: readonly string[]) => Promise<Snapshot>

/** Those who ask for the same while a scrape is under way get its result, so that no number of askers loads the source more than one. */
export const scraper = <Reader>(scraped: Scraped<Reader>, log: Log): Scrape => {
  const report = reporter(scraped, log)
  const counted = counting(scraped.vitals)
  const running = new Map<string, Promise<Snapshot>>()
  // One source has one connection: a scrape by other collectors begins when the one under way is done.
  let last: Promise<unknown> = Promise.resolve()
  const begin = (budget: number, names: readonly string[] | undefined) => {
    const key = names?.toSorted().join() ?? ''
    const known = running.get(key)
    if (known) return known
    const chosen = { ...scraped, collectors: scraped.collectors.filter(({ name }) => names?.includes(name) ?? true) }
    const until = performance.now() + budget
    const waits = running.size > 0
    const scrape = last
      .then(async () => {
        const left = waits ? Math.max(1, Math.ceil(until - performance.now())) : budget
        return snapshotOf(await counted(() => scrapeOnce(chosen, { budget, left }, report)))
      })
      .finally(() => running.delete(key))
    running.set(key, scrape)
    // Only its end: what it found is not to be kept until the next.
    last = scrape.then(
      () => undefined,
      () => undefined,
    )
    return scrape
  }
  const late = () => snapshotOf([scraped.vitals.up.sample(0)])
  return (budget, names) => orLate(begin(budget, names), budget, late)
}

/** After its deadline a scrape has this many milliseconds to say what it could read. */
const slack = 100

/** Whoever joins a scrape that another began has a deadline of their own. */
const orLate = async <T>(work: Promise<T>, budget: number, late: () => T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), budget + slack)
  })
  return Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
}

/** Tells of each scrape as a whole, where its vitals have a word for it. */
const counting = ({ up, success, scrapes, lastDuration, lastFailed }: Vitals) => {
  let count = 0
  return async (scrape: () => Promise<readonly Reading[]>): Promise<readonly Reading[]> => {
    count += 1
    const start = performance.now()
    const read = await scrape()
    const failed = read.some(
      (one) => !isTable(one) && one.value === 0 && [up.name, success.name].includes(one.metric.name),
    )
    const whole = [
      scrapes?.sample(count),
      lastDuration?.sample((performance.now() - start) / 1000),
      lastFailed?.sample(failed ? 1 : 0),
    ]
    return [...whole.filter((one) => one !== undefined), ...read]
  }
}

type Failures = ReadonlyMap<string, Error>
/** Tells what failed of a whole, by part. */
type Report = (whole: string, failures: Failures) => void

const connection = 'connection'

interface Time {
  /** What was given, as the log tells it: the same at every scrape, or each would be news. */
  readonly budget: number
  /** Less, where another scrape went before. */
  readonly left: number
}

const scrapeOnce = async <Reader>(scraped: Scraped<Reader>, { budget, left }: Time, report: Report) => {
  const { source, collectors, vitals } = scraped
  const deadline = new AbortController()
  // Each collector listens, and more than ten would look like a leak to Node.
  setMaxListeners(0, deadline.signal)
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${budget} ms`)), left)
  const down = (failure: unknown) => {
    report(connection, new Map([[connection, asError(failure)]]))
    return [vitals.up.sample(0)]
  }
  try {
    const unconnected = await outcome(within(deadline.signal, () => source.ready(deadline.signal, left)))
    if (unconnected) return down(unconnected)
    const outcomes = await Promise.all(collectors.map((one) => collectOne(one, scraped, deadline.signal)))
    // That each collector failed then says no more than that the server is silent.
    // After the deadline too: the source then drops its connections, and nothing of it is waited for any more.
    if (!(await source.answered())) return down(outcomes.flatMap(({ failures }) => [...failures.values()])[0])
    report(connection, new Map())
    for (const { name, failures } of outcomes) report(name, failures)
    const up: readonly Reading[] = [vitals.up.sample(1)]
    // Ten times as fast as flatMap() and a spread, of which 200,000 samples would hold up everything else.
    return up.concat(...outcomes.map(({ read }) => read))
  } finally {
    clearTimeout(timer)
  }
}

const collectOne = async <Reader>(
  { name, collect }: Collector<Reader>,
  { source, vitals }: Scraped<Reader>,
  signal: AbortSignal,
) => {
  const failures = new Map<string, Error>()
  const lacking = new Map<string, Error>()
  let spent: number | undefined
  const account: Account = {
    spent: (milliseconds) => {
      spent = (spent ?? 0) + milliseconds
    },
    failed: (part, cause) => failures.set(`${name} of ${part}`, asError(cause)),
    lacks: (part, remedy) => lacking.set(`${name} of ${part}`, remedy),
  }
  const start = performance.now()
  let readings: readonly Reading[] = []
  const failure = await outcome(
    within(signal, async () => collect(source.reader(account), signal)).then((found) => {
      readings = found
    }),
  )
  if (failure) failures.set(name, failure)
  const labels = { collector: name }
  const seconds = (spent ?? performance.now() - start) / 1000
  const vital = [vitals.success.sample(failures.size === 0 ? 1 : 0, labels), vitals.duration.sample(seconds, labels)]
  return { name, read: [...readings, ...vital], failures: new Map([...failures, ...lacking]) }
}

const asError = (failure: unknown) => (failure instanceof Error ? failure : new Error(String(failure)))

const outcome = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, asError)

/** Rejects at the deadline even when the work never settles. */
const within = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const late = () => reject(signal.reason)
    if (signal.aborted) late()
    signal.addEventListener('abort', late, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', late))
  })

/** Node tries every address of a name, and says why each failed in an error that itself says nothing. */
const reason = (failure: Error): string =>
  failure instanceof AggregateError && failure.message === ''
    ? failure.errors.map((one) => (one instanceof Error ? reason(one) : String(one))).join('; ')
    : failure.message || failure.name

/** Logs when a part starts to fail, fails otherwise than before, or works again: once, not at every scrape. */
const reporter = ({ kind, name }: { readonly kind: string; readonly name: string }, log: Log): Report => {
  const known = new Map<string, ReadonlyMap<string, string>>()
  const say = (part: string, words: string) => [{ kind, target: name, part }, `${kind}/${name}: ${words}`] as const
  return (whole, failures) => {
    const before = known.get(whole)
    const now = new Map([...failures].map(([part, failure]) => [part, reason(failure)]))
    known.set(whole, now)
    for (const part of before?.keys() ?? []) if (!now.has(part)) log.info(...say(part, `${part} works again`))
    for (const [part, message] of now) {
      if (before?.get(part) !== message) log.warn(...say(part, `${part} failed: ${message}`))
    }
  }
}
