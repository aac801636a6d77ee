import { gunzipSync } from 'node:zlib'

/** One rendering: how long anything else had to wait at most, and how long it all took, in milliseconds. */
export interface Render {
  readonly what: string
  readonly block: number
  readonly milliseconds: number
  readonly lines: number
  readonly bytes: number
}

/** What is told of the machine itself: a while in which the process waits. */
export const idle = 'nothing, 100 ms'

/** Lines of one series of a histogram: its buckets, sum and count. */
export const histogramLines = 14
export const labelNames = ['method', 'route', 'status_code'] as const

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const statuses = ['200', '201', '404', '409', '500']

/** Labels of that many series. */
export function* labelSets(count: number) {
  for (let place = 0; place < count; place += 1) {
    const method = methods[place % methods.length] ?? ''
    const status_code = statuses[Math.floor(place / methods.length) % statuses.length] ?? ''
    const route = `/restaurants/:id/reservations/${Math.floor(place / (methods.length * statuses.length))}`
    yield { method, route, status_code }
  }
}

type Body = () => AsyncIterable<string | Buffer>

const linesOf = async (body: Body) => {
  const chunks: Buffer[] = []
  for await (const chunk of body()) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  const bytes = Buffer.concat(chunks)
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
}

/** Tells what is longest from one turn of the event loop to the next. */
const watchTurns = () => {
  let longest = 0
  let last = performance.now()
  let over = false
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  return () => {
    over = true
    look()
    return longest
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const timed = async (body: Body) => {
  await turn()
  const end = watchTurns()
  const start = performance.now()
  let bytes = 0
  for await (const chunk of body()) bytes += chunk.length
  const milliseconds = performance.now() - start
  await turn()
  return { block: end(), milliseconds, bytes }
}

/** The same again and again, as scrapes are. The first counts as well. What comes is dropped, as a socket would take it. */
export const renders = async (what: string, runs: number, body: Body): Promise<Render[]> => {
  const found = []
  for (let run = 0; run < runs; run += 1) found.push(await timed(body))
  const printed = await linesOf(body)
  return found.map((one) => ({ what, lines: printed, ...one }))
}
