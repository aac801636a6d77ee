import type { Book } from './book.ts'
import { deadlineOf, type Incident } from './incident.ts'
import { moment } from './moment.ts'
import { standingOf } from './readings.ts'

/** Incidents as people and programs read them: the open ones, the most urgent first, and those that were over last. */
export const listed = (book: Book): object => {
  const open = book.live().filter(({ resolvedAt }) => resolvedAt === undefined)
  return {
    open: open.toSorted((one, other) => deadlineOf(one) - deadlineOf(other)).map((incident) => shown(incident)),
    closed: book.recent().map(shown),
  }
}

const shown = (incident: Incident) => {
  const { id, severity, owner, summary, labels, links, acknowledgedBy, response } = incident
  return {
    id,
    severity,
    owner,
    summary,
    startsAt: moment(incident.startsAt),
    notifiedAt: moment(incident.notifiedAt),
    deadline: moment(deadlineOf(incident)),
    acknowledgedAt: moment(incident.acknowledgedAt),
    acknowledgedBy: acknowledgedBy ?? null,
    resolvedAt: moment(incident.resolvedAt),
    response,
    standing: incident.resolvedAt === undefined ? standingOf(incident) : 'over',
    labels,
    links,
  }
}
