import { randomUUID } from 'node:crypto'
import { within } from '../exporters/time-limit.ts'
import { declinedSource } from './payments.ts'
import { type Random, seededRandom } from './random.ts'
import { sitting } from './sittings.ts'

interface TrafficOptions {
  /** The API's address, such as `http://127.0.0.1:3000`. */
  readonly url: string
  /** Requests a second, on average and whatever the API answers. */
  readonly rate: number
  readonly seed?: number
}

export interface Traffic {
  /** Requests begun, and those that got no answer at all. */
  readonly counts: { readonly sent: number; readonly unanswered: number }
  /** Resolves when no request is under way any more. */
  stop(): Promise<void>
}

/** What visitors do, each up to a place on a line from 0 to 100. */
const habits = [
  [50, 'browse'],
  [70, 'book'],
  [86, 'view'],
  [93, 'cancel'],
  [99, 'pay'],
  [100, 'lost'],
] as const

interface Booked {
  readonly id: string
  readonly token: string
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
}

const remembered = 300
/** A visitor gives up after this many milliseconds. */
const patience = 5_000
const tick = 20
/** A hanging API must not make us hoard requests; those not sent are not made up for. */
const mostUnderWay = 500

/** Visitors of the API at a steady rate. They go on whatever happens. */
export const startTraffic = ({ url, rate, seed = 1 }: TrafficOptions): Traffic => {
  const random = seededRandom(seed)
  const counts = { sent: 0, unanswered: 0 }
  const booked: Booked[] = []
  const sessions = Array.from({ length: 50 }, () => randomUUID())
  const underWay = new Set<Promise<void>>()
  const leaving = new AbortController()

  const visit = async () => {
    const { method, path, body } = nextCall(random, booked)
    const session = pick(random, sessions) ?? randomUUID()
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'x-session': session, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: within(patience, leaving.signal),
    })
    const said: unknown = await answer.json()
    if (answer.status === 201 && isBooked(said)) booked.push({ id: said.id, token: said.token })
    if (booked.length > remembered) booked.shift()
  }
  const send = () => {
    counts.sent += 1
    const one = visit()
      .catch(() => {
        counts.unanswered += 1
      })
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }

  let due = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    // After a pause (a suspended laptop) at most a second's requests are due.
    due += (rate * Math.min(1_000, now - last)) / 1_000
    last = now
    for (; due >= 1; due -= 1) if (underWay.size < mostUnderWay) send()
  }, tick)
  timer.unref()

  return {
    counts,
    stop: async () => {
      clearInterval(timer)
      leaving.abort()
      await Promise.all(underWay)
    },
  }
}

const nextCall = (random: Random, booked: Booked[]): Call => {
  const place = random.next() * 100
  const habit = habits.find(([upTo]) => place < upTo)?.[1] ?? 'browse'
  return calls[habit](random, booked) ?? browse(random)
}

const browse = (random: Random): Call => {
  const date = sitting(1 + random.whole(14), random.whole(4)).toISOString()
  return { method: 'GET', path: `/tables?date=${date}&partySize=${1 + random.whole(6)}` }
}

const calls: Readonly<Record<(typeof habits)[number][1], (random: Random, booked: Booked[]) => Call | undefined>> = {
  browse,
  book: (random) => {
    const guest = random.whole(5_000)
    const partySize = random.next() < 0.03 ? 50 : 1 + random.whole(6)
    const date = sitting(1 + random.whole(170), random.whole(4)).toISOString()
    const body = { date, partySize, name: `Guest ${guest}`, email: `guest${guest}@example.com` }
    return { method: 'POST', path: '/reservations', body }
  },
  view: (random, booked) => {
    const one = pick(random, booked)
    return one && { method: 'GET', path: `/reservations/${one.id}` }
  },
  cancel: (random, booked) => {
    const [one] = booked.splice(random.whole(booked.length), 1)
    return one && { method: 'DELETE', path: `/reservations/${one.id}?token=${one.token}` }
  },
  pay: (random, booked) => {
    const one = pick(random, booked)
    const source = random.next() < 0.05 ? declinedSource : 'tok_visa'
    return one && { method: 'POST', path: '/payments', body: { reservationId: one.id, amountCents: 2_000, source } }
  },
  // What every public server sees: somebody who tries doors.
  lost: (random) => ({ method: 'GET', path: `/wp-login-${random.whole(1_000)}.php` }),
}

const pick = <T>(random: Random, from: readonly T[]) => from[random.whole(from.length)]

const isBooked = (said: unknown): said is Booked =>
  typeof said === 'object' &&
  said !== null &&
  'id' in said &&
  typeof said.id === 'string' &&
  'token' in said &&
  typeof said.token === 'string'
