import { connect, type Socket } from 'node:net'
import { cpuOf } from '../measure.ts'
import type { Order, Slice } from './load.ts'

/**
 * The process that asks. It knows how long each answer is and counts bytes, so that it costs a fraction of what the
 * server costs that it asks.
 */
const guest = JSON.stringify({ guest: 'Ada Lovelace', covers: 4 })
const requests = {
  get: Buffer.from('GET /reservations/104233 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  post: Buffer.from(
    `POST /reservations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${guest.length}\r\n\r\n${guest}`,
  ),
}
type Kind = keyof typeof requests
/** One in four makes a reservation. */
const sequence: readonly Kind[] = ['get', 'get', 'get', 'post']
const success = '2'.charCodeAt(0)
/** Where the status begins in `HTTP/1.1 200 OK`. */
const statusAt = 9

/** The length of the whole answer to a request of this kind: it is the same every time. */
const learn = (port: number, kind: Kind) =>
  new Promise<number>((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(requests[kind]))
    socket.setEncoding('latin1')
    socket.once('error', reject)
    socket.on('data', (chunk) => {
      text += chunk
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1])
      if (body === undefined || body.length < length) return
      socket.destroy()
      const words = `could not ask ${kind}: ${text}`
      if (!head.startsWith('HTTP/1.1 2') || Number.isNaN(length)) reject(new Error(words))
      else resolve(head.length + 4 + length)
    })
  })

/** Something that happens once. */
const once = () => {
  let happen: () => void = () => undefined
  let fail: (cause: Error) => void = () => undefined
  const happened = new Promise<void>((resolve, reject) => {
    happen = resolve
    fail = reject
  })
  return { happen, fail, happened }
}

/** What the connections of one slice have in common. */
interface Crowd {
  readonly port: number
  readonly lengths: Readonly<Record<Kind, number>>
  readonly drained: ReturnType<typeof once>
  /** Connections that wait for an answer. */
  waiting: number
  answered: number
  over: boolean
}

// What was read is looked at before anything else is read: one buffer is enough for all.
const buffer = Buffer.alloc(65_536)

/** One connection, which asks, waits for the whole answer and asks again until it is over. */
const asker = async (crowd: Crowd, offset: number) => {
  const { port, lengths, drained } = crowd
  let place = offset
  let kind: Kind = 'get'
  let left = 0
  const ask = () => {
    kind = sequence[place % sequence.length] ?? 'get'
    place += 1
    left = lengths[kind]
    socket.write(requests[kind])
  }
  const callback = (bytes: number) => {
    if (left === lengths[kind] && buffer[statusAt] !== success) drained.fail(new Error(`no success: ${text(bytes)}`))
    left -= bytes
    if (left < 0) drained.fail(new Error(`an answer to ${kind} is ${-left} bytes longer than the first`))
    if (left > 0) return true
    crowd.answered += 1
    if (crowd.over) crowd.waiting -= 1
    else ask()
    if (crowd.waiting === 0) drained.happen()
    return true
  }
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
  const connected = once()
  socket.once('connect', connected.happen).once('error', connected.fail)
  await connected.happened
  socket.once('error', drained.fail).once('end', () => drained.fail(new Error('the server closed a connection')))
  return { socket, ask }
}

const text = (bytes: number) => buffer.subarray(0, bytes).toString('latin1')

const slice = async ({ port, pid, milliseconds, connections }: Order): Promise<Slice> => {
  const lengths = { get: await learn(port, 'get'), post: await learn(port, 'post') }
  const crowd: Crowd = { port, lengths, drained: once(), waiting: connections, answered: 0, over: false }
  const askers = await Promise.all(Array.from({ length: connections }, (_, place) => asker(crowd, place)))
  const before = { at: performance.now(), server: cpuOf(pid), client: process.cpuUsage() }
  setTimeout(() => {
    crowd.over = true
  }, milliseconds)
  for (const { ask } of askers) ask()
  await crowd.drained.happened
  const took = performance.now() - before.at
  const cpu = cpuOf(pid) - before.server
  const { user, system } = process.cpuUsage(before.client)
  for (const { socket } of askers) socket.removeAllListeners('end').destroy()
  return {
    requests: crowd.answered,
    sent: crowd.answered + Object.keys(lengths).length,
    milliseconds: took,
    cpu,
    clientCpu: (user + system) / 1000,
  }
}

process.on('message', (order: Order) => {
  slice(order)
    .then((found) => process.send?.(found))
    .catch((error: unknown) => process.send?.({ failed: String(error) }))
})
process.once('disconnect', () => process.exit())
