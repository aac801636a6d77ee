import { acknowledgement, type Silence } from './silences.ts'

type Labels = Readonly<Record<string, string>>

/** Whether somebody answered within the response time: acknowledged the alert, or ended it. */
export type Response = 'undecided' | 'met' | 'breached'

/** One alert from the first notification until it is over. Moments are milliseconds of Unix time, durations milliseconds. */
export interface Incident {
  readonly id: string
  readonly fingerprint: string
  readonly labels: Labels
  readonly severity: string
  /** Empty where the alert names none. */
  readonly owner: string
  readonly summary: string
  readonly links: Labels
  readonly startsAt: number
  /** What was promised when it began: a change of the promise later is none of its concern. */
  readonly respondWithin: number
  readonly notifiedAt: number
  readonly acknowledgedAt?: number
  readonly acknowledgedBy?: string
  readonly resolvedAt?: number
  /** When Alertmanager was first asked and no longer knew the alert. */
  readonly missedAt?: number
  readonly response: Response
  /**
   * As measured when it happened. An earlier start that is heard of later changes none of them: what a counter has told
   * is not taken back.
   */
  readonly took: { readonly notify: number; readonly acknowledge?: number; readonly resolve?: number }
  /** It is over, and whoever may have acknowledged it has been looked for: nothing changes any more. */
  readonly settled: boolean
}

/** An alert as a notification tells it. */
export interface Delivered {
  readonly status: 'firing' | 'resolved'
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Labels
  readonly generatorURL: string
  readonly startsAt: number
  /** Of no meaning while it fires. */
  readonly endsAt: number
}

/** What is known of a fingerprint before a delivery. */
export interface Known {
  readonly open: Incident | undefined
  /** The end of its last incident that is over. */
  readonly lastEnd: number | undefined
}

/** An alert that Alertmanager holds to be active, be it silenced or inhibited. */
export interface ActiveAlert {
  readonly labels: Labels
  /** When Prometheus told of it last. */
  readonly updatedAt: number
}

/** What Alertmanager told when it was asked. */
export interface Sight {
  /** Just before it was asked: whatever happened earlier is in the answers. */
  readonly askedAt: number
  /** When that process of Alertmanager began. */
  readonly upSince: number
  /** By fingerprint. */
  readonly active: ReadonlyMap<string, ActiveAlert>
  /** Of all states. */
  readonly silences: readonly Silence[]
}

export const deadlineOf = ({ startsAt, respondWithin }: Pick<Incident, 'startsAt' | 'respondWithin'>) =>
  startsAt + respondWithin

/**
 * What a delivery changes: the incident as it is then, or undefined where it changes nothing. Deliveries come again, late
 * and in any order. What began no later than the last end is an echo of what is over. A resolved alert nobody has heard of
 * is one whose firing was lost or is still on its way: it counts now, and not again then.
 */
export const delivered = (
  { open, lastEnd }: Known,
  alert: Delivered,
  receivedAt: number,
  respondWithin: number,
): Incident | undefined => {
  if (lastEnd !== undefined && alert.startsAt <= lastEnd) return undefined
  if (alert.status === 'firing') return open ? stillFiring(open, alert) : begun(alert, receivedAt, respondWithin)
  const end = Math.max(alert.endsAt, alert.startsAt)
  // It ended before the open one began: an earlier one, all of whose other deliveries were lost.
  if (!open || end < open.startsAt) return ended(begun(alert, receivedAt, respondWithin), end)
  return ended(stillFiring(open, alert) ?? open, end)
}

/** Whatever its start: a Prometheus that was restarted gives an alert a new one. */
const stillFiring = (open: Incident, { startsAt }: Delivered): Incident | undefined => {
  if (startsAt >= open.startsAt && open.missedAt === undefined) return undefined
  return present({ ...open, startsAt: Math.min(startsAt, open.startsAt) })
}

const present = ({ missedAt: _missedAt, ...incident }: Incident): Incident => incident

const begun = (alert: Delivered, receivedAt: number, respondWithin: number): Incident => {
  const { fingerprint, labels, annotations, generatorURL, startsAt } = alert
  const links = { runbook: annotations.runbook_url, dashboard: annotations.dashboard_url, source: generatorURL }
  return {
    id: `${fingerprint}/${new Date(startsAt).toISOString()}`,
    fingerprint,
    labels,
    severity: labels.severity ?? '',
    owner: labels.owner ?? '',
    summary: annotations.summary ?? '',
    links: Object.fromEntries(Object.entries(links).flatMap(([name, link]) => (link ? [[name, link]] : []))),
    startsAt,
    respondWithin,
    notifiedAt: receivedAt,
    response: 'undecided',
    took: { notify: Math.max(0, receivedAt - startsAt) },
    settled: false,
  }
}

const ended = (incident: Incident, resolvedAt: number): Incident => {
  const { response, took, startsAt } = incident
  const inTime = resolvedAt <= deadlineOf(incident)
  return present({
    ...incident,
    resolvedAt,
    response: response === 'undecided' && inTime ? 'met' : response,
    took: { ...took, resolve: Math.max(0, resolvedAt - startsAt) },
  })
}

/**
 * What Alertmanager, asked at one moment, changes of an incident: the same object where nothing.
 * @param settle milliseconds that an alert must be gone, and Alertmanager have been up, before the alert is over
 */
export const seen = (incident: Incident, sight: Sight, settle: number): Incident => {
  // Asked before it happened, Alertmanager could not know.
  if (sight.askedAt < (incident.resolvedAt ?? incident.notifiedAt)) return incident
  const answered = withAnswer(incident, sight)
  if (answered.resolvedAt !== undefined) return { ...judged(answered), settled: true }
  const found = sight.active.get(incident.fingerprint)
  if (!found) return gone(answered, sight, settle)
  const active = answered.missedAt === undefined ? answered : present(answered)
  // Prometheus may have known of its end while Alertmanager did not: it counts that it said again that it fires.
  const deadline = deadlineOf(incident)
  return found.updatedAt > deadline || sight.askedAt > deadline + settle ? judged(active, sight.askedAt) : active
}

/** The first silence that answers it, be it over or deleted by now. */
const withAnswer = (incident: Incident, { silences, askedAt }: Sight): Incident => {
  if (incident.acknowledgedAt !== undefined) return incident
  const until = incident.resolvedAt ?? incident.missedAt ?? askedAt
  const found = acknowledgement(silences, { ...incident, until })
  if (!found) return incident
  const inTime = found.at <= deadlineOf(incident)
  return {
    ...incident,
    acknowledgedAt: found.at,
    acknowledgedBy: found.by,
    response: incident.response === 'undecided' && inTime ? 'met' : incident.response,
    took: { ...incident.took, acknowledge: Math.max(0, found.at - incident.startsAt) },
  }
}

/** It fired until `until` for certain, and what could have been an answer has been looked for. */
const judged = (incident: Incident, until = incident.resolvedAt ?? 0): Incident =>
  incident.response === 'undecided' && until > deadlineOf(incident) ? { ...incident, response: 'breached' } : incident

/**
 * Alertmanager tells nobody of an alert that ends while it is silenced. When it has been restarted it knows none until
 * Prometheus, every minute, has told them again.
 */
const gone = (incident: Incident, { askedAt, upSince }: Sight, settle: number): Incident => {
  if (askedAt - upSince < settle) return incident
  const { missedAt } = incident
  if (missedAt === undefined || missedAt - upSince < settle) return { ...incident, missedAt: askedAt }
  if (askedAt - missedAt < settle) return incident
  // Nobody saw it fire past its deadline, or that would be a breach by now: the doubt is in its favour.
  const response = incident.response === 'undecided' ? 'met' : incident.response
  return { ...ended({ ...incident, response }, Math.max(missedAt, incident.startsAt)), settled: true }
}
