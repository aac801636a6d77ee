import { severities } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import { severityMeaning } from './colour.ts'

/** A table's column of severities. */
export const severityColumn = { title: 'Severity', width: 100, colours: severityMeaning } as const

/** How soon somebody answers, in words. */
export const responseTimes = namesOf(severities)
  .map((name) => `${name} ${severities[name].respondWithinHours} h`)
  .join(', ')
