import Fastify from 'fastify'
import { type Logging, loggingTo } from './logging.ts'

interface Notification {
  readonly alerts: readonly Alert[]
}

/** One alert of Alertmanager's webhook. */
interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt?: string
  readonly fingerprint?: string
}

export interface Page extends Alert {
  readonly receivedAt: string
}

const texts = { type: 'object', additionalProperties: { type: 'string' } } as const
const alertsSchema = {
  body: {
    type: 'object',
    required: ['alerts'],
    properties: {
      alerts: {
        type: 'array',
        items: {
          type: 'object',
          required: ['status', 'labels', 'annotations', 'startsAt'],
          properties: {
            status: { type: 'string', enum: ['firing', 'resolved'] },
            labels: texts,
            annotations: texts,
            startsAt: { type: 'string' },
            endsAt: { type: 'string' },
            fingerprint: { type: 'string' },
          },
        },
      },
    },
  },
} as const

interface PagerOptions extends Logging {
  /** Takes one line for each alert. */
  readonly print?: (line: string) => void
}

const kept = 500
const largestBody = 8 * 1024 ** 2

/** The phone of whoever is on call: shows the alerts Alertmanager sends, and counts its heartbeat (a dead man's switch). */
export const buildPager = ({ log, print = console.log }: PagerOptions = {}) => {
  const app = Fastify({ ...loggingTo(log), bodyLimit: largestBody, forceCloseConnections: true })
  let pages: readonly Page[] = []
  let beats: { readonly count: number; readonly last: string | null } = { count: 0, last: null }

  app.post<{ Body: Notification }>('/alerts', { schema: alertsSchema }, async ({ body }) => {
    const receivedAt = new Date().toISOString()
    const received = body.alerts.map((alert): Page => ({ receivedAt, ...alert }))
    for (const page of received) print(pageLine(page))
    pages = [...pages, ...received].slice(-kept)
    return { received: received.length }
  })
  app.get('/alerts', async () => pages)
  app.post('/heartbeat', async () => {
    beats = { count: beats.count + 1, last: new Date().toISOString() }
    return beats
  })
  app.get('/heartbeat', async () => beats)
  return app
}

/** A page in one line, safe to print. */
export const pageLine = ({ receivedAt, status, labels, annotations }: Page) => {
  const { alertname = 'alert without a name', severity = '-', instance, owner } = labels
  const { summary, description = '' } = annotations
  const about = [instance, owner && `for ${owner}`].filter(Boolean).join(', ')
  const columns = [receivedAt.slice(11, 19), status.toUpperCase().padEnd(8), severity.padEnd(8), alertname]
  return printable([...columns, about && `(${about})`, summary ?? description].filter(Boolean).join(' '))
}

/** An alert's text may come from far away: without control characters it can't steer the terminal. */
export const printable = (text: string) => text.replace(/\p{Cc}+/gu, ' ')
