import type { Climb } from './climb.ts'
import { isMet, ownerOf, severityOf } from './law.ts'
import type { Pace } from './pace.ts'

/** What the recorder counts, and what was counted beside it. */
export interface Count {
  readonly incidents: number
  readonly met: number
  readonly breached: number
}

export type Counts = ReadonlyMap<string, Count>

const nothing: Count = { incidents: 0, met: 0, breached: 0 }

const families = {
  incidents_total: 'incidents',
  sla_response_met_total: 'met',
  sla_response_breached_total: 'breached',
} as const

const labelIn = (series: string, name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(series)?.[1] ?? ''

/** The counters of an exposition, by `severity owner`. */
export const countedIn = (exposition: string): Counts => {
  const counts = new Map<string, Count>()
  for (const [family, part] of Object.entries(families)) {
    for (const [, labels = '', value] of exposition.matchAll(new RegExp(`^${family}({.*}) (\\S+)$`, 'gm'))) {
      const key = `${labelIn(labels, 'severity')} ${labelIn(labels, 'owner')}`
      counts.set(key, { ...(counts.get(key) ?? nothing), [part]: Number(value) })
    }
  }
  return counts
}

/** The same of incidents as they went. */
export const tallyOf = (pace: Pace, climbs: readonly Climb[]): Counts => {
  const counts = new Map<string, Count>()
  for (const climb of climbs) {
    const key = `${severityOf(climb.alert)} ${ownerOf(climb.alert)}`
    const { incidents, met, breached } = counts.get(key) ?? nothing
    const inTime = isMet(pace, climb)
    counts.set(key, { incidents: incidents + 1, met: met + (inTime ? 1 : 0), breached: breached + (inTime ? 0 : 1) })
  }
  return counts
}

const words = ({ incidents, met, breached }: Count) => `${incidents} incidents, ${met} met, ${breached} breached`

/** Where the recorder counted otherwise. */
export const miscounts = (counted: Counts, tally: Counts): readonly string[] =>
  [...new Set([...counted.keys(), ...tally.keys()])].flatMap((key) => {
    const [is, should] = [words(counted.get(key) ?? nothing), words(tally.get(key) ?? nothing)]
    return is === should ? [] : [`the recorder counted ${is} of ${key}; there were ${should}`]
  })
