import { writeSync } from 'node:fs'
import { counter } from '../../../metrics/metric.ts'
import type { Report } from '../instruments/faults.ts'
import type { Instruments } from '../instruments/instruments.ts'
import { besideOthers } from './beside-others.ts'
import { lastWords } from './last-words.ts'
import { type Context, type How, openSentry, type Sentry, type SentryOptions } from './sentry.ts'
import { type Gate, gate } from './storm.ts'
import { asError, type Redact, readable } from './thrown.ts'

export const processErrorsTotal = counter({
  name: 'process_errors_total',
  help: 'Errors that nobody caught. After an uncaught exception the process ends',
  labels: ['kind'],
})

const kinds = ['uncaughtException', 'unhandledRejection'] as const
type Kind = (typeof kinds)[number]
/** The handbook's words. */
const titles: Readonly<Record<Kind, string>> = {
  uncaughtException: 'Uncaught Exception',
  unhandledRejection: 'Unhandled Rejection',
}

/** Of one kind in a second; Sentry keeps 64 that are on their way, and drops the others. */
const most = 50

interface Lines {
  error(message: string, meta?: unknown): void
  warn(message: string, meta?: unknown): void
}

export interface ErrorTrackingOptions extends Omit<SentryOptions, 'dsn' | 'warn'> {
  /** Where errors are sent. Without it nothing of Sentry is loaded, and nothing is sent. */
  readonly dsn?: string | undefined
  readonly log: Lines
  /** Resolves when what was logged is written. */
  readonly flushLog: () => Promise<unknown>
  readonly instruments: Instruments
  readonly report: Report
  readonly redact: Redact
  /** Whether a rejection that nobody handles ends the process. The handbook goes on, where nothing is said. */
  readonly exitOnUnhandledRejection?: boolean | undefined
  /**
   * Whether all ends and goes on as it would without us: other listeners decide where there are any, and of rejections Node
   * does, unless something is said of them.
   */
  readonly asNode?: boolean | undefined
  readonly exit?: (code: number) => void
  /** Milliseconds that Sentry may take before the process ends, and that the log may take after it. */
  readonly patience?: number | undefined
}

export interface ErrorTracking {
  /** Sends an error that was caught. Never throws. Does nothing without a DSN. */
  capture(error: unknown, context?: Context): void
  /** Resolves when all was sent, or when patience is over. */
  flush(): Promise<void>
  /** Lets go of the process and of Sentry. */
  close(): Promise<void>
}

/**
 * Logs, counts and sends what nobody caught. After an uncaught exception the process ends with code 1, as its state is unknown.
 * @throws Error where a DSN is given and Sentry cannot be used
 */
export const errorTracking = (options: ErrorTrackingOptions): ErrorTracking => {
  const { dsn, log, report, redact, patience = 2_000 } = options
  const sentry = dsn ? openSentry({ ...options, dsn, warn: (words, cause) => log.warn(words, cause) }) : undefined
  const attempt = attempts(report)
  const wait = (work: () => Promise<unknown>) => within(patience, work, (cause) => report('errors', cause))
  const gates = gatesOf((words) => attempt(() => log.error(words)))
  const send = senderOf(sentry, attempt)
  const flush = async () => {
    if (sentry) await wait(() => sentry.flush(patience))
  }
  const end = async () => {
    const { flushLog, exit = process.exit } = options
    await flush()
    closeAll(gates)
    await wait(flushLog)
    const leave = () => exit(1)
    // A listener of `exit` may throw; the second call asks none.
    attempt(leave, leave)
  }
  const unlisten = listen({ ...options, gates, send, attempt, end })
  return {
    capture: (error, context) => {
      if (sentry && gates.capture.admits()) send(readable(error, redact), { handled: true, context })
    },
    flush,
    close: async () => {
      unlisten()
      closeAll(gates)
      if (sentry) await wait(() => sentry.close(patience))
    },
  }
}

type Given = 'log' | 'redact' | 'instruments' | 'exitOnUnhandledRejection' | 'asNode'
interface Listening extends Pick<ErrorTrackingOptions, Given> {
  readonly gates: Gates
  readonly send: (what: Error | string, how: How) => void
  readonly attempt: Attempt
  readonly end: () => Promise<void>
}

/** Returns what stops it. */
const listen = ({ log, redact, instruments, gates, send, attempt, end, ...given }: Listening) => {
  const { exitOnUnhandledRejection, asNode = false } = given
  const counted = instruments.counter(processErrorsTotal)
  for (const kind of kinds) counted.add(0, { kind })
  let ending = false
  const caught = (kind: Kind, thrown: unknown, ends: boolean) => {
    counted.inc({ kind })
    const isLast = ends && !ending
    // The one that ends the process is always told.
    if (!isLast && !gates[kind].admits()) return
    const what = readable(thrown, redact)
    tell(log, kind, what, attempt)
    if (ending) return
    send(what, { handled: false, fatal: isLast })
    ending = isLast
    if (!isLast) return
    attempt(() => process.stderr.write(`${lastWords(what, redact)}\n`))
    void end()
  }
  const nodeDecides = asNode && exitOnUnhandledRejection === undefined
  /** Node brings rejections here too, where nobody listens to them. */
  const onException = (error: unknown, origin: Kind) => {
    const others = process.listenerCount('uncaughtException') > 1
    caught(nodeDecides ? origin : 'uncaughtException', error, !(asNode && others))
  }
  const onRejection = (reason: unknown) => caught('unhandledRejection', reason, exitOnUnhandledRejection === true)
  process.on('uncaughtException', onException)
  const deaf = nodeDecides ? besideOthers(onRejection) : always(onRejection)
  return () => {
    process.off('uncaughtException', onException)
    deaf()
  }
}

const always = (hear: (reason: unknown) => void) => {
  process.on('unhandledRejection', hear)
  return () => {
    process.off('unhandledRejection', hear)
  }
}

const senderOf =
  (sentry: Sentry | undefined, attempt: Attempt): Listening['send'] =>
  (what, how) =>
    attempt(
      () => sentry?.send(asError(what), how),
      // Also an Error can throw when it is read.
      () => sentry?.send(asError('an Error that cannot be read'), how),
    )

type Attempt = (work: () => void, otherwise?: () => void) => void

/** An error while an error is told would come back here, and never end. */
const attempts =
  (report: Report): Attempt =>
  (work, otherwise) => {
    try {
      work()
    } catch (cause) {
      report('errors', cause)
      if (otherwise) attempts(report)(otherwise)
    }
  }

type Gates = Readonly<Record<Kind | 'capture', Gate>>
const closeAll = (gates: Gates) => {
  for (const { close } of Object.values(gates)) close()
}
const gatesOf = (tell: (words: string) => void): Gates => ({
  uncaughtException: gate({ most, tell: (held) => tell(`${titles.uncaughtException}: ${held} more in a second`) }),
  unhandledRejection: gate({
    most,
    tell: (held) => tell(`${titles.unhandledRejection}: ${held} more in a second, counted, neither logged nor sent`),
  }),
  capture: gate({ most, tell: (held) => tell(`${held} more errors in a second were not sent to Sentry`) }),
})

const tell = (log: Lines, kind: Kind, what: Error | string, attempt: Attempt) =>
  attempt(
    () => log.error(titles[kind], kind === 'unhandledRejection' ? { reason: what } : what),
    () => {
      // The process may be about to end: somebody must be told why.
      writeSync(2, `${titles[kind]}: the log failed. ${typeof what === 'string' ? what : what.name}\n`)
    },
  )

/** Whatever the work does. The timer holds the process: with nothing left to do it would end before, and with code 0. */
const within = (patience: number, work: () => Promise<unknown>, failed: (cause: unknown) => void) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patience)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    Promise.resolve().then(work).catch(failed).then(done, done)
  })
