import { connect } from 'node:net'
import { answers } from '../answers.ts'

export interface Order {
  readonly port: number
  readonly connections: number
  /** The number of the first request; each has its own. */
  readonly first: number
  /** Requests after which it stops; without it, when told, or when no connection is taken any more. */
  readonly requests?: number
  /** Answers after which it says so. */
  readonly tellAfter?: number
}
export interface Reached {
  readonly reached: number
}
/** Every request that was sent, and what came of it. */
export interface Report {
  /** By its number, the status. */
  readonly answered: readonly (readonly [number: number, status: number])[]
  /** Sent on a connection that ended before the answer was complete. */
  readonly cut: readonly number[]
  /** Connections that were not taken. */
  readonly refused: number
  /** Milliseconds of each answer. */
  readonly took: readonly number[]
  /** Answers that were those of other requests. */
  readonly wrong: readonly string[]
}

let stopped = false

const obey = async ({ port, connections, first, requests = Number.POSITIVE_INFINITY, tellAfter }: Order) => {
  const answered: [number, number][] = []
  const cut: number[] = []
  const took: number[] = []
  const wrong: string[] = []
  let [next, refused] = [first, 0]
  const done = () => stopped || next >= first + requests
  const tell = () => {
    if (answered.length === tellAfter) process.send?.({ reached: tellAfter } satisfies Reached)
  }
  /** One connection to its end. Resolves with whether another is worth while. */
  const one = () =>
    new Promise<boolean>((resolve) => {
      let now: number | undefined
      let begun = 0
      let connected = false
      const ask = () => {
        if (socket.destroyed || socket.readableEnded) return undefined
        if (done()) return socket.end()
        now = next++
        begun = performance.now()
        found.expect('GET')
        return socket.write(`GET /work/${now} HTTP/1.1\r\nHost: api\r\n\r\n`)
      }
      const found = answers(({ status, body, closes }) => {
        if (now === undefined) return
        took.push(performance.now() - begun)
        answered.push([now, status])
        if (status === 200 && body !== `done ${now}`) wrong.push(`${now}: ${body}`)
        now = undefined
        tell()
        if (closes) socket.end()
        else ask()
      })
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
        connected = true
        ask()
      })
      socket.on('data', (chunk) => found.take(chunk)).on('error', () => undefined)
      socket.once('close', () => {
        if (now !== undefined) cut.push(now)
        if (!connected) refused += 1
        resolve(connected)
      })
    })
  const asker = async () => {
    while (!done() && (await one()));
  }
  await Promise.all(Array.from({ length: connections }, asker))
  return { answered, cut, refused, took, wrong } satisfies Report
}

process.on('message', (order: Order | 'stop') => {
  if (order === 'stop') {
    stopped = true
    return
  }
  stopped = false
  obey(order)
    .then((report) => process.send?.(report))
    .catch((error: unknown) => process.send?.({ failed: String(error) }))
})
process.once('disconnect', () => process.exit())
