import { type Severity, severities } from '../config/sla.ts'
import type { BusinessHours } from '../config/teams.ts'
import { groupMinutes } from './routes.ts'

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

const clock = /^([01]\d|2[0-3]):([0-5]\d)$/
const hour = 60
const day = 24 * hour

/** Minutes since midnight; undefined where it is no time of a day. */
export const minutesOf = (time: string) => {
  const [, hours, minutes] = clock.exec(time) ?? []
  if (time === '24:00') return day
  return hours === undefined || minutes === undefined ? undefined : Number(hours) * hour + Number(minutes)
}

/** Hours from the end of one working day to the beginning of the next, at the longest. NaN where the times are none. */
export const longestTimeOff = ({ weekdays: open, from, to }: Omit<BusinessHours, 'location' | 'waits'>): number => {
  const [begins, ends] = [minutesOf(from) ?? Number.NaN, minutesOf(to) ?? Number.NaN]
  const places = weekdays.flatMap((name, place) => (open.includes(name) ? [place] : []))
  const gaps = places.map((place, i) => {
    const next = places[i + 1] ?? (places[0] ?? 0) + weekdays.length
    return (next - place) * day + begins - ends
  })
  return Math.max(...gaps) / hour
}

/** As the database of time zones spells it: what Intl takes besides, Alertmanager does not know. */
const isZone = (location: string) => {
  if (!/^[A-Z]/.test(location)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: location }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** What is wrong with them, each in one line that begins with its key. */
export const businessHoursFaults = (hours: BusinessHours, all: Severities = severities): readonly string[] => {
  const { weekdays: open, from, to, location } = hours
  // Written without an editor's help, a name may be any.
  const unknown = open.filter((name) => !weekdays.includes(name))
  const twice = open.filter((name, place) => open.indexOf(name) !== place)
  const [begins, ends] = [minutesOf(from), minutesOf(to)]
  const faults = [
    ...(open.length === 0 ? ['weekdays is empty: name a day, or nobody would ever be told'] : []),
    ...unknown.map((name) => `weekdays names ${name}: write ${weekdays.join(', ')}`),
    ...[...new Set(twice)].map((name) => `weekdays names ${name} twice: leave one out`),
    ...(begins === undefined ? [`from is ${from}, no time of a day: write it as 09:00`] : []),
    ...(ends === undefined ? [`to is ${to}, no time of a day: write it as 18:00`] : []),
    ...(begins !== undefined && ends !== undefined && begins >= ends
      ? [`from is ${from}, which is not before ${to}: write the earlier one first`]
      : []),
    ...(isZone(location)
      ? []
      : [`location is ${location}, no time zone: write a name of the IANA database, such as Europe/Paris`]),
  ]
  return (faults.length > 0 ? faults : waitFaults(hours, all)).map((fault) => `businessHours.${fault}`)
}

type Severities = Readonly<Record<string, Partial<Severity>>>

/** The night on which clocks are set back is an hour longer. */
const setBack = 1

/** What is held back goes out when its group is looked at next, and not as the day begins. */
const waitFaults = (open: BusinessHours, all: Severities) => {
  const off = longestTimeOff(open)
  const { waits, from, to } = open
  const lasts = (minutesOf(to) ?? Number.NaN) - (minutesOf(from) ?? Number.NaN)
  return waits.flatMap((severity) => {
    const hours = all[severity]?.respondWithinHours
    const minutes = groupMinutes[severity]
    if (hours === undefined || minutes === undefined) {
      return [`waits names ${severity}, which is no severity of config/sla.ts: write ${Object.keys(all).join(', ')}`]
    }
    if (off > 0 && lasts <= minutes) {
      return [
        `to is ${to}, ${lasts} min after ${from}: messages of severity ${severity} go out once in ${minutes} min, and might never do so within; write a later one`,
      ]
    }
    if (off === 0 || hours > off + setBack + minutes / hour) return []
    return [
      `waits names ${severity}, whose response time of ${hours} h is not longer than the longest time off, ${off} h, an hour ` +
        `when clocks are set back, and ${minutes} min until messages go out again: leave ${severity} out, or it would run out untold`,
    ]
  })
}
