import { severities } from '../../../config/sla.ts'
import type { Played } from './script.ts'
import { type Fired, isCovered } from './script.ts'

/** Milliseconds after an alert fired in which something happened: not before the first, not after the second. */
export type Span = readonly [number, number]

/** One incident as it has to be counted. */
export interface Incident {
  readonly severity: string
  readonly owner: string
  readonly notified: Span
  readonly acknowledged?: Span
  readonly resolved: Span
  readonly met: boolean
}

/** How far a moment may be from where it is found, in milliseconds. */
export interface Resolution {
  /** Until a notification is recorded: what waits for its group, for retries, for a recorder that is away, for a courier. */
  readonly notify: number
  /** Of a silence, and of an end that was told. */
  readonly moment: number
  /** Until the end of what was silenced is found out. */
  readonly find: number
}

/** Without a silence for so long an alert is told of; for less than the other it is not. In between nobody knows. */
const [surely, hardly] = [3_000, 500] as const
/** What decides lies so far from the end of a response time, in milliseconds. */
export const clear = 2_000

/** The times in which no silence covers an alert that Alertmanager knows to be firing. */
const uncovered = ({ heardAt, endsAt, labels }: Fired, { silenced }: Played): readonly Span[] => {
  const covers = silenced
    .filter(({ matchers }) => isCovered(matchers, labels))
    .toSorted((one, other) => one.from - other.from)
  const open: Span[] = []
  let at = heardAt
  for (const { from, until } of covers) {
    if (from > at) open.push([at, Math.min(from, endsAt)])
    at = Math.max(at, until)
  }
  if (at < endsAt) open.push([at, endsAt])
  return open.filter(([from, until]) => until > from)
}

/** From when it is told of. @throws Error where chance decides whether it is */
const toldFrom = (fired: Fired, scene: Played): number | undefined => {
  const open = uncovered(fired, scene)
  for (const [from, until] of open) {
    if (until - from >= surely) return from
    if (until - from > hardly) {
      throw new Error(
        `${scene.kind}: ${fired.labels.instance} was open to be told for ${until - from} ms: once more, on a machine that has time`,
      )
    }
  }
  return undefined
}

const answeredAt = ({ startsAt, endsAt, labels }: Fired, { silenced }: Played): number | undefined => {
  const begins = silenced
    .filter(({ matchers, from, until }) => isCovered(matchers, labels) && from < endsAt && until > startsAt)
    .map(({ from }) => Math.max(from, startsAt))
  return begins.length > 0 ? Math.min(...begins) : undefined
}

const endsCovered = ({ endsAt, labels }: Fired, { silenced }: Played) =>
  silenced.some(({ matchers, from, until }) => isCovered(matchers, labels) && from < endsAt && until > endsAt)

const around = (moment: number, before: number, after: number): Span => [moment - before, moment + after]

/** What is not to be counted is undefined: a step of a ladder, and what nobody was told of. */
const incidentOf = (fired: Fired, scene: Played, { notify, moment, find }: Resolution): Incident | undefined => {
  const { labels, startsAt, endsAt } = fired
  if ('step' in labels) return undefined
  const told = toldFrom(fired, scene)
  if (told === undefined) return undefined
  const { severity, owner } = labels
  const due = startsAt + severities[severity].respondWithinHours * 3_600_000
  const answered = answeredAt(fired, scene)
  const decided = Math.min(endsAt, answered ?? endsAt)
  if (Math.abs(decided - due) < clear) {
    throw new Error(
      `${scene.kind}: ${labels.instance} was answered or over ${decided - due} ms after its response time: once more, on a machine that has time`,
    )
  }
  return {
    severity,
    owner,
    notified: around(told - startsAt, moment, notify),
    ...(answered !== undefined && { acknowledged: around(answered - startsAt, moment, moment) }),
    resolved: around(endsAt - startsAt, moment, endsCovered(fired, scene) ? find : moment),
    met: decided < due,
  }
}

/** Every incident of a scene, as whoever knows all that happened counts them. */
export const incidentsOf = (scene: Played, resolution: Resolution): readonly Incident[] =>
  scene.fired.flatMap((fired) => incidentOf(fired, scene, resolution) ?? [])
