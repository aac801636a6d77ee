import { join } from 'node:path'
import { Writable } from 'node:stream'
import winston from 'winston'
import type { LogLevel } from '../../../config/service-variables.ts'
import { logLevels } from '../../../config/service-variables.ts'
import { counter } from '../../../metrics/metric.ts'
import type { Report } from '../instruments/faults.ts'
import type { Instruments } from '../instruments/instruments.ts'
import { type LogFile, type LogFileOptions, logFile } from './file.ts'
import { given, type Info, levelOf, lineOf, recordOf, type TraceOf } from './record.ts'
import { redaction } from './redaction.ts'
import type { Plain, PlainObject } from './redaction-walk.ts'

export const logMessagesTotal = counter({
  name: 'log_messages_total',
  help: 'Lines logged, by level; those below the level of the log are not counted',
  labels: ['level'],
})
export const logMessagesLostTotal = counter({
  name: 'log_messages_lost_total',
  help: 'Lines that could not be written to a log file, one that is missing in two files twice',
})

/**
 * What everybody logs through. An Error may stand in place of the message, be the `meta`, or lie anywhere in it; the
 * properties of `meta` become fields of the line. No method throws.
 */
export interface Log {
  error(message: string | Error, meta?: unknown): void
  warn(message: string | Error, meta?: unknown): void
  info(message: string | Error, meta?: unknown): void
  debug(message: string | Error, meta?: unknown): void
}

export interface ServiceLog extends Log {
  /** The logger itself: for further transports, and to change its level. */
  readonly winston: winston.Logger
  /** A copy as a line would show it: without secrets and personal data. */
  redacted(value: unknown): Plain
  /** Opens the files anew. Nobody has to call it: that one was moved away is noticed before the next line. */
  reopen(): void
  /** Every line logged before is on the disk when this resolves. A file has them as soon as a method returns. */
  flush(): Promise<void>
  /** As `flush`, and ends the log with its transports: lines logged later are lost, and counted so. Any number of times. */
  close(): Promise<void>
}

export interface ServiceLogOptions {
  /** Stands in every line. */
  readonly service: string
  readonly level?: LogLevel | undefined
  /** Of error.log and combined.log; it is made where it is not there. */
  readonly folder?: string | undefined
  /** Coloured lines for people: errors and warnings on the standard error, where they spoil no output that is piped. */
  readonly console: boolean
  readonly files?: boolean | undefined
  readonly instruments: Instruments
  readonly report: Report
  readonly traceOf?: TraceOf | undefined
  /** Keys whose values are hidden besides the usual ones. */
  readonly redact?: readonly string[] | undefined
  /** Bytes of a file, and how many files of each kind there are at most. The handbook's where nothing is said. */
  readonly size?: number | undefined
  readonly keep?: number | undefined
}

/** Milliseconds that the transports of others have for their last lines. */
const lastLines = 5_000

type Files = readonly { readonly level?: LogLevel; readonly file: LogFile }[]

/** What winston takes for a transport: it asks for no more than a stream with a level and a `log`. */
const transport = (level: LogLevel | undefined, log: (info: Info) => void) =>
  Object.assign(
    new Writable({
      objectMode: true,
      write: (info: Info, _encoding, done) => {
        log(info)
        done()
      },
    }),
    { ...(level && { level }), log },
  )

const forPeople = () =>
  new winston.transports.Console({
    stderrLevels: ['error', 'warn'],
    format: winston.format.combine(winston.format.colorize(), winston.format.simple()),
  })

/** winston complains of a logger without any. */
const toNobody = () => transport(undefined, () => undefined)

const openFiles = (options: ServiceLogOptions, callbacks: Pick<LogFileOptions, 'onLost' | 'tell'>): Files => {
  const { folder = 'logs', size = 5_242_880, keep = 5 } = options
  const open = (name: string) => logFile({ path: join(folder, name), size, keep, ...callbacks })
  if (options.files === false) return []
  try {
    return [{ level: 'error', file: open('error.log') }, { file: open('combined.log') }]
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `could not write logs into the folder ${folder}: ${words}. Let this user write there, or name another by LOG_DIR or the option log.folder`,
      { cause },
    )
  }
}

interface LoggerOptions extends Pick<ServiceLogOptions, 'service' | 'console'> {
  readonly level: LogLevel
  readonly files: Files
  readonly recordOf: (info: Info) => PlainObject
  readonly onLine: (level: string) => void
}

const loggerOf = ({ service, level, files, recordOf, onLine, console }: LoggerOptions) => {
  const record = winston.format((info) => {
    const fields = recordOf(info)
    if (logger.isLevelEnabled(info.level)) onLine(info.level)
    return { ...fields, level: info.level, message: fields.message, [levelOf]: info.level }
  })
  const json = winston.format((info) => ({ ...info, [lineOf]: JSON.stringify(info) }))
  const toFile = ({ level: least, file }: Files[number]) =>
    transport(least, (info) => {
      const wanted = logger.levels[least ?? logger.level] ?? 0
      if ((logger.levels[String(info[levelOf])] ?? 0) <= wanted) file.write(`${String(info[lineOf])}\n`)
    })
  const shown = [...files.map(toFile), ...(console ? [forPeople()] : [])]
  const logger = winston.createLogger({
    level,
    defaultMeta: { service },
    format: winston.format.combine(record(), winston.format.timestamp({ format: 'YYYY-MM-DD HH:mm:ss' }), json()),
    transports: shown.length > 0 ? shown : [toNobody()],
  })
  // One slow transport would make winston hold back the lines for all, ours included.
  logger.pause = () => logger
  return logger
}

/**
 * winston as the handbook sets it up, with files that keep every line, and without secrets in them.
 * @throws Error where the folder of the files cannot be made or written, naming it
 */
export const serviceLog = (options: ServiceLogOptions): ServiceLog => {
  const { service, level = 'info', report, instruments, traceOf = () => undefined } = options
  const redact = redaction(options.redact)
  const lost = instruments.counter(logMessagesLostTotal)
  const files = openFiles(options, {
    onLost: (lines) => lost.add(lines),
    tell: (words, cause) => {
      console.error(`log: ${words}`)
      if (cause !== undefined) report('log', cause)
    },
  })
  const counted = instruments.counter(logMessagesTotal)
  for (const one of logLevels) counted.add(0, { level: one })

  const safely = <T>(act: () => T): T | undefined => {
    try {
      return act()
    } catch (cause) {
      report('log', cause)
      return undefined
    }
  }
  const logger = loggerOf({
    service,
    level,
    files,
    console: options.console,
    recordOf: (info) => recordOf(info, { redact, traceOf: () => safely(traceOf) }),
    onLine: (at) => counted.inc({ level: at }),
  })
  logger.on('error', (cause) => report('log', cause))

  let closing: Promise<void> | undefined
  const write = (at: LogLevel, message: unknown, meta: unknown) => {
    safely(() => {
      if (closing) lost.inc()
      else if (logger.isLevelEnabled(at)) logger.write({ [levelOf]: at, level: at, message, service, [given]: meta })
    })
  }
  const flush = async () => {
    await Promise.all(files.map(({ file }) => file.sync()))
  }
  const end = async () => {
    await ended(logger)
    await flush()
    for (const { file } of files) file.close()
  }
  return {
    error: (message, meta) => write('error', message, meta),
    warn: (message, meta) => write('warn', message, meta),
    info: (message, meta) => write('info', message, meta),
    debug: (message, meta) => write('debug', message, meta),
    winston: logger,
    redacted: redact.value,
    reopen: () => {
      for (const { file } of files) file.reopen()
    },
    flush,
    close: () => {
      closing ??= end()
      return closing
    },
  }
}

const ended = (logger: winston.Logger) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lastLines).unref()
    logger.once('finish', () => {
      clearTimeout(timer)
      resolve()
    })
    logger.end()
  })
