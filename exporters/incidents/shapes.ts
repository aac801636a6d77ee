import { z } from 'zod'
import type { Delivered, Incident } from './incident.ts'
import type { Silence } from './silences.ts'
import type { Tally } from './tally.ts'

/** What comes from outside: Alertmanager's notifications and answers, and lines of our own file. */
type Read<T> = { readonly value: T } | { readonly fault: string }

const odd = 'is no moment like 2026-01-31T12:00:00Z'
/** Go's moment for none; PostgreSQL writes no year before it as ISO 8601 does. */
const first = Date.parse('0001-01-01T00:00:00Z')
const moment = z.iso
  .datetime({ offset: true, error: odd })
  .transform((text) => Date.parse(text))
  .refine((at) => at >= first, odd)
const labels = z.record(z.string(), z.string())

const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels,
  annotations: labels.default({}),
  generatorURL: z.string().default(''),
  startsAt: moment,
  endsAt: moment,
  fingerprint: z.string().regex(/^[0-9a-f]{1,64}$/i, 'is no fingerprint: it has digits and letters from a to f'),
})

const notification = z.object({
  version: z.literal('4'),
  truncatedAlerts: z.number().int().nonnegative().default(0),
  alerts: z.array(alert),
})

export interface Notification {
  readonly alerts: readonly Delivered[]
  /** How many Alertmanager left out. */
  readonly truncated: number
}

/** The body of Alertmanager's webhook. What is wrong with it names the field, and repeats none of it. */
export const readNotification = (body: string): Read<Notification> => {
  const read = parsed(notification, body)
  return 'fault' in read ? read : { value: { alerts: read.value.alerts, truncated: read.value.truncatedAlerts } }
}

const silences = z.array(
  z.object({
    // One without matchers covers nothing.
    matchers: z
      .array(
        z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().default(true) }),
      )
      .nullish()
      .transform((given) => given ?? []),
    startsAt: moment,
    endsAt: moment,
    createdBy: z.string().default(''),
  }),
)
const activeAlerts = z.array(z.object({ fingerprint: z.string(), labels, updatedAt: moment }))
const status = z.object({ uptime: moment })

export const readSilences = (body: string): Read<readonly Silence[]> => parsed(silences, body)
export const readActiveAlerts = (body: string): Read<readonly z.infer<typeof activeAlerts>[number][]> =>
  parsed(activeAlerts, body)
export const readStatus = (body: string): Read<{ readonly uptime: number }> => parsed(status, body)

const incident = z.object({
  id: z.string(),
  fingerprint: z.string(),
  labels,
  severity: z.string(),
  owner: z.string(),
  summary: z.string(),
  links: labels,
  startsAt: z.number(),
  respondWithin: z.number(),
  notifiedAt: z.number(),
  acknowledgedAt: z.number().exactOptional(),
  acknowledgedBy: z.string().exactOptional(),
  resolvedAt: z.number().exactOptional(),
  missedAt: z.number().exactOptional(),
  response: z.enum(['undecided', 'met', 'breached']),
  took: z.object({ notify: z.number(), acknowledge: z.number().exactOptional(), resolve: z.number().exactOptional() }),
  settled: z.boolean(),
}) satisfies z.ZodType<Incident>

const durations = z.object({ buckets: z.array(z.tuple([z.number(), z.number()])), sum: z.number(), count: z.number() })
const tally = z.object({
  severity: z.string(),
  owner: z.string(),
  incidents: z.number(),
  met: z.number(),
  breached: z.number(),
  notify: durations,
  acknowledge: durations,
  resolve: durations,
}) satisfies z.ZodType<Tally>

const line = z.union([z.object({ incident }), z.object({ tallies: z.array(tally) })])

export const readIncident = (text: string): Read<Incident> => parsed(incident, text)

type Line = { readonly incident?: Incident; readonly tallies?: readonly Tally[] }
export const readLine = (text: string): Line | { readonly fault: string } => {
  const read = parsed(line, text)
  return 'fault' in read ? read : read.value
}

const parsed = <T>(shape: z.ZodType<T>, text: string): Read<T> => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { fault: 'it is no JSON' }
  }
  const read = shape.safeParse(json)
  if (read.success) return { value: read.data }
  const { issues } = read.error
  const words = issues.slice(0, most).map(({ path, message }) => faultAt(path, message))
  return { fault: [...words, ...(issues.length > most ? [`and ${issues.length - most} more`] : [])].join(', ') }
}

/** Faults that are told of one text. */
const most = 3

/** `alerts[0].startsAt: ...`, or of the whole. */
const faultAt = (path: readonly PropertyKey[], message: string) => {
  const words = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  // A name may be anything that somebody sent.
  const field = words.replace(/^\./, '').replace(/[^\w.[\]-]/g, '?')
  const fault = message.replace(/^Invalid input: /, '')
  return field === '' ? fault : `${field}: ${fault}`
}
