import type { Account, Collector, Scraped } from './collector.ts'
import type { Reading } from './reading.ts'
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
  const running = new Map<string, Promise<Snapshot>>()
  // One source has one connection: a scrape by other collectors begins when the one under way is done.
  let last: Promise<unknown> = Promise.resolve()
  return (budget, names) => {
    const key = names?.toSorted().join() ?? ''
    const known = running.get(key)
    if (known) return known
    const chosen = { ...scraped, collectors: scraped.collectors.filter(({ name }) => names?.includes(name) ?? true) }
    const until = performance.now() + budget
    const scrape = last
      .then(async () => snapshotOf(await scrapeOnce(chosen, Math.max(1, until - performance.now()), report)))
      .finally(() => running.delete(key))
    running.set(key, scrape)
    last = scrape
    return scrape
  }
}

type Failures = ReadonlyMap<string, Error>
/** Tells what failed of a whole, by part. */
type Report = (whole: string, failures: Failures) => void

const connection = 'connection'

const scrapeOnce = async <Reader>(scraped: Scraped<Reader>, budget: number, report: Report) => {
  const { source, collectors, vitals } = scraped
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${budget} ms`)), budget)
  const down = (failure: unknown) => {
    report(connection, new Map([[connection, asError(failure)]]))
    return [vitals.up.sample(0)]
  }
  try {
    const unconnected = await outcome(within(deadline.signal, () => source.ready(deadline.signal, budget)))
    if (unconnected) return down(unconnected)
    const outcomes = await Promise.all(collectors.map((one) => collectOne(one, scraped, deadline.signal)))
    // That each collector failed then says no more than that the server is silent.
    if (!source.answered) return down(outcomes.flatMap(({ failures }) => [...failures.values()])[0])
    report(connection, new Map())
    for (const { name, failures } of outcomes) report(name, failures)
    return [vitals.up.sample(1), ...outcomes.flatMap(({ read }) => read)]
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
  let spent: number | undefined
  const account: Account = {
    spent: (milliseconds) => {
      spent = (spent ?? 0) + milliseconds
    },
    failed: (part, cause) => failures.set(`${name} of ${part}`, asError(cause)),
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
  return { name, read: [...readings, ...vital], failures }
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
