import { join } from 'node:path'
import { faultReport, instrumentationErrorsTotal, type Report } from './instruments/faults.ts'
import { type Instruments, instruments } from './instruments/instruments.ts'
import { logFile } from './log/file.ts'
import { type ServiceLog, type ServiceLogOptions, serviceLog } from './log/log.ts'
import { redaction } from './log/redaction.ts'
import { waitingLog } from './log/waiting.ts'
import type { Settings } from './options.ts'
import type { Telemetry } from './traces/telemetry.ts'

/** What every part counts and tells by. */
export interface Voice {
  readonly kept: Instruments
  readonly report: Report
  readonly log: ServiceLog
  /** Opens the log, where that waits. */
  begin(): void
  traceOf: Telemetry['traceOf']
}

/**
 * Metrics count faults of the log, the log tells faults of the metrics: each reaches the other when both are there.
 * @param waits whether files are opened only when it begins, and the process does without them where they cannot be had
 * @throws Error where the log cannot be had, and does not wait
 */
export const voiceOf = (settings: Settings, waits: boolean): Voice => {
  const { options } = settings
  const count = (part: string) => counted.inc({ part })
  const tell = (words: string, cause: unknown) => voice.log.error(words, cause)
  const report = faultReport({ count, log: tell })
  const kept = instruments({ report, ...(options.maxSeries && { maxSeries: options.maxSeries }) })
  const counted = kept.counter(instrumentationErrorsTotal)
  const given = { ...logOptions(settings), instruments: kept, report, traceOf: () => voice.traceOf() }
  const log = waits
    ? waitingLog(() => withoutFilesAtWorst(given), redaction(options.log?.redact).value)
    : { log: serviceLog(given), begin: () => undefined }
  const voice: Voice = { kept, report, ...log, traceOf: () => undefined }
  return voice
}

const logOptions = ({ name, development, options, env }: Settings) => {
  const { level = env.LOG_LEVEL, folder, console: onConsole = development, redact, size, keep } = options.log ?? {}
  const silent = level === 'silent'
  return {
    service: name,
    level: silent ? 'error' : level,
    files: folder !== false && !silent,
    folder: folder === false ? undefined : (folder ?? env.LOG_DIR),
    console: onConsole && !silent,
    redact,
    size,
    keep,
  } as const
}

/** An application that knows nothing of us must not end because a folder cannot be written. */
const withoutFilesAtWorst = (options: ServiceLogOptions) => {
  const fault = options.files ? faultOf(options.folder) : undefined
  if (fault !== undefined) {
    process.stderr.write(
      `log: could not write logs, and goes on without files: ${fault}. Name a folder that this user may write by LOG_DIR\n`,
    )
  }
  return serviceLog({ ...options, files: options.files === true && fault === undefined })
}

/** Why no logs can be written into a folder. */
const faultOf = (folder = 'logs') => {
  const nothing = () => undefined
  try {
    for (const name of ['error.log', 'combined.log']) {
      logFile({ path: join(folder, name), size: 1, keep: 1, onLost: nothing, tell: nothing }).close()
    }
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}
