import { hour, units } from '../../duration.ts'

/** A period as a URL writes it: `now-6h`, `now/d`, or milliseconds since 1970. */
export interface RawRange {
  readonly from: string
  readonly to: string
}

/** In milliseconds since 1970. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

const startOf: Readonly<Record<string, (date: Date) => void>> = {
  s: (date) => date.setMilliseconds(0),
  m: (date) => date.setSeconds(0, 0),
  h: (date) => date.setMinutes(0, 0, 0),
  d: (date) => date.setHours(0, 0, 0, 0),
  w: (date) => {
    date.setHours(0, 0, 0, 0)
    date.setDate(date.getDate() - ((date.getDay() + 6) % 7))
  },
  M: (date) => {
    date.setHours(0, 0, 0, 0)
    date.setDate(1)
  },
  y: (date) => {
    date.setHours(0, 0, 0, 0)
    date.setMonth(0, 1)
  },
}

/** On the same day, or the last where the month is shorter. */
const shiftMonths = (date: Date, count: number) => {
  const month = date.getMonth() + count
  const last = new Date(date.getFullYear(), month + 1, 0).getDate()
  date.setMonth(month, Math.min(date.getDate(), last))
}

const shift = (date: Date, count: number, unit: string) => {
  // Days and what is longer follow the calendar: a day is 23 hours long when the clocks go forward.
  if (unit === 'd') date.setDate(date.getDate() + count)
  else if (unit === 'w') date.setDate(date.getDate() + 7 * count)
  else if (unit === 'M') shiftMonths(date, count)
  else if (unit === 'y') shiftMonths(date, 12 * count)
  else date.setTime(date.getTime() + count * (units[unit] ?? 0))
}

const relative = (text: string, now: number, end: boolean): number | undefined => {
  if (!/^now(?:[+-]\d+[smhdwMy]|\/[smhdwMy])*$/.test(text)) return undefined
  const date = new Date(now)
  for (const [, sign, count, unit = '', floor] of text.matchAll(/([+-])(\d+)([smhdwMy])|\/([smhdwMy])/g)) {
    if (floor === undefined) shift(date, sign === '-' ? -Number(count) : Number(count), unit)
    else {
      startOf[floor]?.(date)
      if (end) {
        shift(date, 1, floor)
        date.setTime(date.getTime() - 1)
      }
    }
  }
  return date.getTime()
}

/** A moment as a URL or a person writes it, in milliseconds; `end` makes `now/d` the end of the day. */
export const parseMoment = (text: string, now: number, end = false): number | undefined => {
  const trimmed = text.trim()
  if (trimmed.startsWith('now')) return relative(trimmed, now, end)
  if (/^\d{9,}$/.test(trimmed)) return Number(trimmed)
  const parsed = /^\d{4}-\d{2}-\d{2}/.test(trimmed) ? Date.parse(localDate(trimmed)) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

/** A date alone would be read as UTC's, not as the reader's. */
const localDate = (text: string) => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text.replace(' ', 'T'))

const fallback: RawRange = { from: 'now-6h', to: 'now' }

/** Undefined for what cannot be read, and for what ends before it begins. */
const rangeIn = (raw: RawRange, now: number): TimeRange | undefined => {
  const [from, to] = [parseMoment(raw.from, now), parseMoment(raw.to, now, true)]
  return from !== undefined && to !== undefined && from < to ? { from, to } : undefined
}

export const isRange = (raw: RawRange, now: number) => rangeIn(raw, now) !== undefined

/** What is drawn for it: the last six hours where it is no range. */
export const readable = (raw: RawRange, now: number): RawRange => (isRange(raw, now) ? raw : fallback)

export const resolveRange = (raw: RawRange, now: number): TimeRange =>
  rangeIn(raw, now) ?? { from: now - 6 * hour, to: now }

/** As Grafana does it: the period of a panel's own holds where the one that is chosen is told from now. */
export const ownRange = (since: string, chosen: RawRange, now: number): TimeRange | undefined => {
  if (![chosen.from, chosen.to].some((moment) => moment.trim().startsWith('now'))) return undefined
  return resolveRange({ from: since.startsWith('now') ? since : `now-${since}`, to: 'now' }, now)
}

const words = (from: string, text: string) => ({ from, to: 'now', text })
export const quickRanges = [
  words('now-5m', 'Last 5 minutes'),
  words('now-15m', 'Last 15 minutes'),
  words('now-30m', 'Last 30 minutes'),
  words('now-1h', 'Last 1 hour'),
  words('now-3h', 'Last 3 hours'),
  words('now-6h', 'Last 6 hours'),
  words('now-12h', 'Last 12 hours'),
  words('now-24h', 'Last 24 hours'),
  words('now-2d', 'Last 2 days'),
  words('now-7d', 'Last 7 days'),
  words('now-30d', 'Last 30 days'),
] as const

/** `2026-01-31 09:05`, in the reader's own time zone; with seconds where they matter. */
export const formatMoment = (moment: number): string => {
  const date = new Date(moment)
  const two = (value: number) => String(value).padStart(2, '0')
  const seconds = date.getSeconds() === 0 ? '' : `:${two(date.getSeconds())}`
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}${seconds}`
  )
}

const part = (text: string) => (/^\d{9,}$/.test(text) ? formatMoment(Number(text)) : text)

export const describeRange = (raw: RawRange): string => {
  const quick = quickRanges.find(({ from, to }) => from === raw.from && to === raw.to)
  const last = /^now-(\d+[smhdwMy])$/.exec(raw.from)
  if (quick) return quick.text
  return last && raw.to === 'now' ? `Last ${last[1]}` : `${part(raw.from)} to ${part(raw.to)}`
}

/** Twice as long, around the same middle; a period that ends now goes on to end there. */
export const zoomOut = ({ from, to }: TimeRange, now: number): RawRange => {
  const length = to - from
  const end = Math.min(to + length / 2, now)
  return { from: String(Math.round(end - 2 * length)), to: String(Math.round(end)) }
}

/** As long, half of that earlier or later; it ends no later than now. */
export const shiftRange = ({ from, to }: TimeRange, way: -1 | 1, now: number): RawRange => {
  const step = way === -1 ? -(to - from) / 2 : Math.min((to - from) / 2, Math.max(0, now - to))
  return { from: String(Math.round(from + step)), to: String(Math.round(to + step)) }
}

export { fallback as usualRange }
