import type { Subject } from '../alerts/index.ts'
import { namesOf } from '../metrics/names.ts'
import { uids } from './uids.ts'

type Uid = (typeof uids)[keyof typeof uids]

interface Shown {
  /** What its alerts are about. */
  readonly about: string
  /** The dashboards that answer what its alerts ask, the one to open first at the head. */
  readonly on: readonly [Uid, ...Uid[]]
}

/** Where to look, by what an alert is about. */
export const subjects: Readonly<Record<Subject, Shown>> = {
  promises: { about: 'promises', on: [uids.sla] },
  http: { about: 'HTTP', on: [uids.http] },
  service: { about: 'the service', on: [uids.runtime, uids.http] },
  reservations: { about: 'reservations', on: [uids.reservations] },
  postgres: {
    about: 'PostgreSQL',
    on: [uids.postgres, uids.postgresQueries, uids.postgresTables, uids.postgresMaintenance],
  },
  redis: { about: 'Redis', on: [uids.redis] },
  probe: { about: 'probes', on: [uids.overview] },
  jobs: { about: 'maintenance jobs', on: [uids.jobs] },
  security: { about: 'security', on: [uids.security] },
  stack: { about: 'the stack', on: [uids.stack] },
  escalation: { about: 'responses', on: [uids.onCall] },
}

/** The address of the dashboard that shows what the alerts of a subject judge. */
export const alertsUid = (subject: Subject): `techplus-alerts-${Subject}` => `techplus-alerts-${subject}`

export const alertsTitle = (subject: Subject): string => `Alerts: ${subjects[subject].about}`

interface Counterpart {
  readonly uid: string
  readonly title: string
}

/** What the head of a dashboard leads to besides all others: from a subject to its alerts, and from those back to it. */
export const counterparts = (uid: string): readonly Counterpart[] =>
  namesOf(subjects).flatMap((subject): readonly Counterpart[] => {
    const { about, on } = subjects[subject]
    const [first] = on
    if (uid === alertsUid(subject)) return [{ uid: first, title: `Dashboard of ${about}` }]
    return on.some((one) => one === uid) ? [{ uid: alertsUid(subject), title: alertsTitle(subject) }] : []
  })
