import type { Book } from './book.ts'
import { type Delivered, delivered, type Incident, type Known } from './incident.ts'

/** Milliseconds to respond, by severity. */
export type ResponseTimes = Readonly<Record<string, number>>

/** The response time of an alert that is an incident. Others have no severity of ours, or are steps of one that has. */
export const responseTimeOf = (labels: Readonly<Record<string, string>>, times: ResponseTimes): number | undefined => {
  const { severity = '', step = '' } = labels
  return step === '' && Object.hasOwn(times, severity) ? times[severity] : undefined
}

/** What one notification changes: all of it together. */
export const recordable =
  (alerts: readonly Delivered[], receivedAt: number, times: ResponseTimes) =>
  (book: Book): readonly Incident[] => {
    const changes = new Map<string, Incident>()
    // Of one fingerprint there may be several in it.
    const since = new Map<string, Known>()
    for (const alert of alerts) {
      const respondWithin = responseTimeOf(alert.labels, times)
      if (respondWithin === undefined) continue
      const known = since.get(alert.fingerprint) ?? book.known(alert.fingerprint)
      const changed = delivered(known, alert, receivedAt, respondWithin)
      if (!changed) continue
      changes.set(changed.id, changed)
      since.set(alert.fingerprint, after(known, changed))
    }
    return [...changes.values()]
  }

const after = ({ open, lastEnd }: Known, changed: Incident): Known => {
  const { resolvedAt } = changed
  if (resolvedAt === undefined) return { open: changed, lastEnd }
  return {
    open: open?.id === changed.id ? undefined : open,
    lastEnd: Math.max(resolvedAt, lastEnd ?? resolvedAt),
  }
}
