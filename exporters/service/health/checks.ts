import { gauge } from '../../../metrics/metric.ts'
import type { Instruments, Source } from '../instruments/instruments.ts'
import type { Log } from '../log/log.ts'

const labels = ['check'] as const

export const healthCheckUp = gauge({
  name: 'health_check_up',
  counts: 'checks that succeeded',
  help: 'Whether the last run of a health check succeeded in time (1) or not (0)',
  labels,
})
export const healthCheckDuration = gauge({
  name: 'health_check_duration_seconds',
  help: 'Duration of the last run of a health check in seconds; of one that still hangs, what it took so far',
  labels,
})
export const healthCheckTimeout = gauge({
  name: 'health_check_timeout_seconds',
  help: 'Seconds after which a health check counts as failed',
  labels,
})

/** Asks a dependency for a sign of life: resolves with anything where it gave one. The signal aborts when time is up. */
export type Ask = (signal: AbortSignal) => Promise<unknown>

export interface Check {
  readonly check: Ask
  /** Milliseconds after which it counts as failed: 60,000 at most. */
  readonly patience?: number
  /** Whether the service is not ready without it. It is, where nothing is said. */
  readonly required?: boolean
}

export interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly required: boolean
}

export interface HealthChecks {
  /** What all checks came to, a moment ago at most. Never rejects, and takes no longer than the longest patience. */
  run(): Promise<readonly Outcome[]>
  /**
   * For `addSource`: has every scrape find gauges that are as fresh as an answer. A check that takes longer than a scrape
   * waits shows how it ended last, and for how long it runs already; the next scrape may find its end.
   */
  readonly source: Source
}

interface HealthChecksOptions {
  /** By the name that answers, logs and the label `check` have. */
  readonly checks: Readonly<Record<string, Check | Ask>>
  readonly instruments: Instruments
  readonly log: Pick<Log, 'error' | 'info'>
  /** Milliseconds that a check has, where it says nothing else. */
  readonly patience?: number
  /** Milliseconds for which an outcome is good for all who ask: a storm of probes must not reach the dependencies. */
  readonly keepFor?: number
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

const longestPatience = 60_000
/**
 * Milliseconds that a scrape waits. More than a check usually has; less than Prometheus and the primary of a cluster wait,
 * or all metrics were missing while one dependency hangs.
 */
const scrapeWaits = 1_500

/**
 * Runs the checks side by side. Probes and scrapes share their outcomes.
 * @throws Error naming a check whose patience is no time
 */
export const healthChecks = (options: HealthChecksOptions): HealthChecks => {
  const { checks, instruments, log, patience: usual = 1_000, keepFor = 1_000, now = () => performance.now() } = options
  // Across processes a dependency is as well as it is for the worst of them.
  const up = instruments.gauge(healthCheckUp, 'min')
  const duration = instruments.gauge(healthCheckDuration, 'max')
  const timeout = instruments.gauge(healthCheckTimeout, 'max')
  const tell = teller(log)
  const all = Object.entries(checks).map(([name, given]) => {
    const { check, patience = usual, required = true } = typeof given === 'function' ? { check: given } : given
    assertPatience(name, patience)
    timeout.set(patience / 1000, { check: name })
    const { attempt, soFar } = attempts(check, { patience, now })
    const run = keptFor(keepFor, now, async (): Promise<Outcome> => {
      const { fault, took } = await attempt()
      const ok = fault === undefined
      up.set(ok ? 1 : 0, { check: name })
      duration.set(took / 1000, { check: name })
      tell(name, fault)
      return { name, ok, required }
    })
    const show = () => {
      const milliseconds = soFar()
      if (milliseconds !== undefined) duration.set(milliseconds / 1000, { check: name })
    }
    return { run, show }
  })
  const run = () => Promise.all(all.map((one) => one.run()))
  const source = async () => {
    await orAfter(scrapeWaits, run())
    for (const { show } of all) show()
    return []
  }
  return { run, source }
}

const assertPatience = (name: string, patience: number) => {
  if (patience > 0 && patience <= longestPatience) return
  const words = `write milliseconds, more than 0 and at most ${longestPatience}`
  throw new Error(`the patience of the health check ${name} is ${patience}: ${words}`)
}

/** Waits for the work, but no longer than this; the work goes on. */
const orAfter = async (milliseconds: number, work: Promise<unknown>) => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds).unref()
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Whoever asks while one is under way, or shortly after, gets the same. */
const keptFor = <T>(keepFor: number, now: () => number, work: () => Promise<T>) => {
  let last: { readonly result: Promise<T>; ended?: number } | undefined
  return () => {
    if (last && (last.ended === undefined || now() - last.ended < keepFor)) return last.result
    const begun: NonNullable<typeof last> = { result: work() }
    begun.result.finally(() => {
      begun.ended = now()
    })
    last = begun
    return begun.result
  }
}

interface Attempt {
  /** What went wrong, in words. */
  readonly fault: string | undefined
  /** Milliseconds. */
  readonly took: number
}

/**
 * One run after the other: while one hangs, whatever it was told, no other begins. A server that hangs would else collect
 * a connection at every probe.
 */
const attempts = (check: Ask, { patience, now }: { readonly patience: number; readonly now: () => number }) => {
  let begun: number | undefined
  const soFar = () => (begun === undefined ? undefined : now() - begun)
  const attempt = async (): Promise<Attempt> => {
    const took = soFar()
    if (took !== undefined) return { fault: `a run that began ${seconds(took)} ago has not ended yet`, took }
    const start = now()
    begun = start
    const fault = await faultOf(check, patience, () => {
      begun = undefined
    })
    return { fault, took: now() - start }
  }
  return { attempt, soFar }
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

const faultOf = async (check: Ask, patience: number, ended: () => void): Promise<string | undefined> => {
  const time = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    const judge = () => {
      resolve(`no answer within ${patience} ms`)
      time.abort(new Error(`no answer within ${patience} ms`))
    }
    // An answer may have arrived while this process was too busy to look: it is read before the verdict.
    timer = setTimeout(() => setImmediate(judge), patience).unref()
  })
  const begin = async () => check(time.signal)
  const done = begin()
    .then(() => undefined, wordsOf)
    .finally(ended)
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

/** Says when a check fails and when it is well again, and nothing in between. */
const teller = (log: HealthChecksOptions['log']) => {
  const failing = new Set<string>()
  return (check: string, fault: string | undefined) => {
    if (failing.has(check) === (fault !== undefined)) return
    try {
      if (fault === undefined) {
        failing.delete(check)
        log.info(`${check} health check succeeds again`, { check })
      } else {
        failing.add(check)
        log.error(`${check} health check failed`, { check, fault })
      }
    } catch {
      // A log that throws must not make a service look ill.
    }
  }
}

/** Of an error and of what caused it. What in it is secret, the log keeps to itself. */
const wordsOf = (cause: unknown, depth = 0): string => {
  if (!(cause instanceof Error)) return String(cause)
  const own = cause.message || ('code' in cause ? String(cause.code) : cause.name)
  // What fetch rejects with says only that it failed.
  return cause.cause === undefined || depth > 2 ? own : `${own}: ${wordsOf(cause.cause, depth + 1)}`
}
