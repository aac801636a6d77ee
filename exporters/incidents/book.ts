import type { Incident, Known } from './incident.ts'
import { added, counted, emptyTally, type Tally, tallyKey } from './tally.ts'

/** How many of those that are over are shown. */
const shown = 100

/**
 * What is known of all incidents, as it must be at hand: those that may still change, where each fingerprint's last one
 * ended, and what was counted. Incidents that are over are otherwise left to the ledger.
 */
export interface Book {
  /** Those that may still change. */
  live(): readonly Incident[]
  /** Those that were over last, the latest first. */
  recent(): readonly Incident[]
  known(fingerprint: string): Known
  tallies(): Iterable<Tally>
}

/** A book that a ledger fills. */
export interface WritableBook extends Book {
  /** Takes an incident as it is now; one that was there before is replaced. */
  put(incident: Incident): void
  /** Takes what was counted of incidents that are not listed any more. */
  include(tally: Tally): void
}

export const emptyBook = (): WritableBook => {
  const live = new Map<string, Incident>()
  const open = new Map<string, Incident>()
  const ends = new Map<string, number>()
  const tallies = new Map<string, Tally>()
  let recent: readonly Incident[] = []
  const tallied = (of: Pick<Tally, 'severity' | 'owner'>, change: (tally: Tally) => Tally) => {
    const key = tallyKey(of)
    tallies.set(key, change(tallies.get(key) ?? emptyTally(of.severity, of.owner)))
  }
  const close = (incident: Incident, resolvedAt: number) => {
    const { fingerprint, id } = incident
    if (open.get(fingerprint)?.id === id) open.delete(fingerprint)
    ends.set(fingerprint, Math.max(resolvedAt, ends.get(fingerprint) ?? resolvedAt))
    recent = [incident, ...recent.filter((one) => one.id !== id)]
      .toSorted((one, other) => (other.resolvedAt ?? 0) - (one.resolvedAt ?? 0))
      .slice(0, shown)
  }
  return {
    live: () => [...live.values()],
    recent: () => recent,
    known: (fingerprint) => ({
      open: open.get(fingerprint),
      lastEnd: ends.get(fingerprint),
    }),
    tallies: () => tallies.values(),
    put: (incident) => {
      const before = live.get(incident.id)
      tallied(incident, (tally) => counted(tally, incident, before))
      if (incident.settled) live.delete(incident.id)
      else live.set(incident.id, incident)
      if (incident.resolvedAt === undefined) open.set(incident.fingerprint, incident)
      else close(incident, incident.resolvedAt)
    },
    include: (tally) => tallied(tally, (known) => added(known, tally)),
  }
}
