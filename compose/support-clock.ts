import { weekdays as days, minutesOf } from '../alerts/business-hours.ts'
import type { BusinessHours } from '../config/teams.ts'

type Day = (typeof days)[number]

const hour = 60
const day = 24 * hour

/** What is no time of a day is refused before anything is generated. */
const ofDay = (time: string) => minutesOf(time) ?? Number.NaN

/** Minutes since the beginning of a Monday, on the clock of the wall; more than a week later it goes on rising. */
export const momentOf = (weekday: Day, time: `${number}:${number}`): number => days.indexOf(weekday) * day + ofDay(time)

export const hoursAfter = (moment: number, hours: number): number => moment + hours * hour

const dayAt = (moment: number): Day => days[Math.floor(moment / day) % days.length] ?? days[0]

/** As it is read: Monday 09:00. */
export const clockOf = (moment: number): string => {
  const name = dayAt(moment)
  const [hours, minutes] = [Math.floor((moment % day) / hour), moment % hour]
  return `${name[0]?.toUpperCase()}${name.slice(1)} ${[hours, minutes].map((part) => String(part).padStart(2, '0')).join(':')}`
}

/** The first moment from then on that is within business hours. */
export const nextOpen = (moment: number, open: Pick<BusinessHours, 'weekdays' | 'from' | 'to'>): number => {
  const { weekdays, from, to } = open
  const midnight = Math.floor(moment / day) * day
  const [opens, closes] = [midnight + ofDay(from), midnight + ofDay(to)]
  if (weekdays.includes(dayAt(moment)) && moment < closes) return Math.max(moment, opens)
  return nextOpen(midnight + day, open)
}
