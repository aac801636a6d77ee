import type { Log, ServiceLog } from './log.ts'

/** Lines that wait at most. */
const most = 100

interface WaitingLog {
  readonly log: ServiceLog
  /** Opens it, and writes what has waited. */
  begin(): void
}

/**
 * A log that is opened when it begins, or for the first error. A process that is no service, and has none, leaves nothing
 * behind.
 */
export const waitingLog = (open: () => ServiceLog, redacted: ServiceLog['redacted']): WaitingLog => {
  let opened: ServiceLog | undefined
  let closed = false
  const waiting: ((log: Log) => void)[] = []
  const now = () => {
    if (opened) return opened
    const log = open()
    opened = log
    for (const write of waiting.splice(0)) write(log)
    return log
  }
  const later = (write: (log: Log) => void) => {
    if (opened) write(opened)
    else if (waiting.length < most) waiting.push(write)
  }
  return {
    begin: () => {
      if (!closed) now()
    },
    log: {
      error: (message, meta) => now().error(message, meta),
      warn: (message, meta) => later((log) => log.warn(message, meta)),
      info: (message, meta) => later((log) => log.info(message, meta)),
      debug: (message, meta) => later((log) => log.debug(message, meta)),
      get winston() {
        return now().winston
      },
      redacted,
      reopen: () => opened?.reopen(),
      flush: async () => opened?.flush(),
      close: async () => {
        closed = true
        await opened?.close()
      },
    },
  }
}
