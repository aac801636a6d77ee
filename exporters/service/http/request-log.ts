import type { RequestLog } from '../../../config/service-variables.ts'
import { clientLeft, type Ended } from './cells.ts'

interface Lines {
  error(message: string, meta?: unknown): void
  warn(message: string, meta?: unknown): void
  info(message: string, meta?: unknown): void
}

/** Writes a line for requests that are over, under the trace that an exemplar leads to. Undefined where none is wanted. */
export const requestLog = (wanted: RequestLog, log: Lines): ((ended: Ended, left: boolean) => void) | undefined => {
  if (wanted === 'none') return undefined
  return ({ method, route, status, seconds, traceId }, left) => {
    const failed = status >= 500
    if (wanted === 'failed' && !failed && !left) return
    const said = {
      method,
      route,
      status_code: left ? clientLeft : status,
      duration_seconds: Math.round(seconds * 1e6) / 1e6,
    }
    const meta = traceId === undefined ? said : { ...said, trace_id: traceId }
    if (left) log.warn('request left by its client', meta)
    else if (failed) log.error('request failed', meta)
    else log.info('request answered', meta)
  }
}
