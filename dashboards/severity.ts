import { severities } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import { severityMeaning } from './colour.ts'
import { uids } from './uids.ts'

/** A table's column of severities: each leads to what it promises. */
export const severityColumn = {
  title: 'Severity',
  width: 100,
  colours: severityMeaning,
  opens: { uid: uids.sla },
} as const

/** How soon somebody answers, in words. */
export const responseTimes = namesOf(severities)
  .map((name) => `${name} ${severities[name].respondWithinHours} h`)
  .join(', ')
