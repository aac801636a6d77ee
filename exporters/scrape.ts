import type { Sample } from '../metrics/metric.ts'
import type { Collector, Scraped, Source } from './collector.ts'

export interface Log {
  info(context: object, message: string): void
  warn(context: object, message: string): void
}

/** Scrapes a source within `budget` milliseconds. Never throws: what failed is among the samples, and in the log. */
export type Scrape = (budget: number) => Promise<readonly Sample[]>

/** Those who ask while a scrape is under way get its result, so that no number of askers loads the source more than one. */
export const scraper = <S extends Source>(scraped: Scraped<S>, log: Log): Scrape => {
  const report = reporter(scraped, log)
  let running: Promise<readonly Sample[]> | undefined
  return (budget) => {
    running ??= scrapeOnce(scraped, budget, report).finally(() => {
      running = undefined
    })
    return running
  }
}

type Report = (part: string, failure: unknown) => void

const scrapeOnce = async <S extends Source>(scraped: Scraped<S>, budget: number, report: Report) => {
  const { source, collectors, vitals } = scraped
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${budget} ms`)), budget)
  try {
    const failure = await outcome(within(deadline.signal, () => source.ready(deadline.signal, budget)))
    report('connection', failure)
    if (failure) return [vitals.up.sample(0)]
    const read = await Promise.all(collectors.map((one) => collectOne(one, scraped, deadline.signal, report)))
    return [vitals.up.sample(1), ...read.flat()]
  } finally {
    clearTimeout(timer)
  }
}

const collectOne = async <S extends Source>(
  collector: Collector<S>,
  { source, vitals }: Scraped<S>,
  signal: AbortSignal,
  report: Report,
) => {
  const labels = { collector: collector.name }
  const start = performance.now()
  let samples: readonly Sample[] = []
  const failure = await outcome(
    within(signal, () => collector.collect(source, signal)).then((read) => {
      samples = read
    }),
  )
  report(collector.name, failure)
  const seconds = (performance.now() - start) / 1000
  return [...samples, vitals.success.sample(failure ? 0 : 1, labels), vitals.duration.sample(seconds, labels)]
}

const outcome = (work: Promise<unknown>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (failure) => (failure instanceof Error ? failure : new Error(String(failure))),
  )

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
  const last = new Map<string, string>()
  return (part, failure) => {
    const message = failure instanceof Error ? reason(failure) : undefined
    if (message === last.get(part)) return
    if (message === undefined) {
      last.delete(part)
      log.info({ kind, target: name, part }, `${kind}/${name}: ${part} works again`)
    } else {
      last.set(part, message)
      log.warn({ kind, target: name, part }, `${kind}/${name}: ${part} failed: ${message}`)
    }
  }
}
