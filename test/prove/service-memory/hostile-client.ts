import { connect, type Socket } from 'node:net'
import { answers } from '../answers.ts'
import { type Dice, diceOf } from '../dice.ts'
import { type Hostile, hostile, tour, type Wish } from './hostile.ts'

/** What the process that asks is told. */
export interface Order {
  readonly port: number
  readonly requests: number
  readonly seed: number
  /** Whether each kind of request is sent once, before chance decides. */
  readonly tour: boolean
}
/** What it did, by its own count. */
export interface Sent {
  /** Whole requests. */
  readonly requests: number
  readonly connections: number
  readonly answered: number
  /** Answered by Node itself, which told no handler of them. */
  readonly byNode: number
  /** Connections that were neither answered nor closed. */
  readonly hung: readonly string[]
}

/** Milliseconds after which a connection hangs. */
const patience = 30_000
const mostWorkers = 48
/** Connections that stand half open until the end of an order. */
const mostHeld = 50

interface Crowd {
  readonly port: number
  readonly dice: Dice
  readonly make: Hostile
  /** What is left of the tour. */
  readonly tour: Wish[]
  readonly held: Socket[]
  readonly hung: string[]
  requests: number
  connections: number
  answered: number
  byNode: number
}

interface Visit {
  readonly socket: Socket
  readonly send: (wish: Wish) => void
  /** Told when all that was sent is answered. */
  idle: () => void
  onData: (chunk: Buffer) => void
}

/** A connection on which something is done. Resolves when it is over, whoever ended it. */
const visit = (crowd: Crowd, act: (visit: Visit) => unknown) =>
  new Promise<void>((resolve) => {
    crowd.connections += 1
    let last = ''
    const found = answers(() => {
      crowd.answered += 1
      if (found.waiting() === 0) visiting.idle()
    })
    const socket = connect({ port: crowd.port, host: '127.0.0.1', noDelay: true }, () => act(visiting))
    const visiting: Visit = {
      socket,
      send: ({ method, text }) => {
        last = text
        crowd.requests += 1
        found.expect(method)
        socket.write(text, 'latin1')
      },
      idle: () => undefined,
      onData: () => undefined,
    }
    const timer = setTimeout(() => {
      crowd.hung.push(last.slice(0, 300))
      socket.destroy()
    }, patience)
    socket.on('data', (chunk) => {
      visiting.onData(chunk)
      found.take(chunk)
    })
    // What the server thinks of it is what we are here to see.
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })

type Way = (crowd: Crowd) => (visit: Visit) => unknown

/** One request after the other on one connection. */
const steady: Way = (crowd) => (visit) => {
  let left = 1 + crowd.dice.below(100)
  let now: Wish | undefined
  const next = () => {
    if (left === 0) return visit.socket.end()
    left -= 1
    now = crowd.tour.pop() ?? crowd.make.wish()
    return visit.send(now)
  }
  visit.onData = (chunk) => {
    if (!now?.byNode || !/^HTTP\/1\.1 4(?:00|17) /.test(chunk.toString('latin1', 0, 20))) return
    crowd.byNode += 1
    now = undefined
  }
  visit.idle = next
  next()
}

/** Several before the first is answered. */
const pipelined: Way = (crowd) => (visit) => {
  const many = 2 + crowd.dice.below(15)
  visit.idle = () => visit.socket.end()
  for (let sent = 0; sent < many; sent += 1) visit.send(crowd.make.ordinary())
}

/** Says at once that nothing more will come. */
const halfClosed: Way = (crowd) => (visit) => {
  pipelined(crowd)(visit)
  visit.socket.end()
}

const leaving: Way =
  ({ dice, make }) =>
  (visit) => {
    const { socket } = visit
    const leave = () => (dice.below(2) === 0 ? socket.destroy() : socket.resetAndDestroy())
    // Alone on its connection: Node never tells the handler of one that waits behind others that its client is gone.
    if (dice.below(3) === 0) visit.send(make.endless())
    else {
      for (let many = dice.below(4); many > 0; many -= 1) visit.send(make.ordinary())
      visit.send(dice.one([make.bodiless, make.ordinary])())
    }
    const when = dice.below(4)
    if (when === 0) return leave()
    if (when === 1) socket.once('data', leave)
    // A request that hangs is never answered.
    return setTimeout(leave, dice.below(20))
  }

/** A part of a request, and then nothing; left open, closed or cut. */
const halfOpen: Way =
  ({ dice, make, held }) =>
  ({ socket }) => {
    const { text } = make.ordinary()
    socket.write(text.slice(0, 1 + dice.below(text.length - 1)), 'latin1')
    const kind = dice.below(3)
    if (kind === 0) socket.end()
    else setTimeout(() => socket.destroy(), dice.below(20))
    if (kind < 2) return
    // Meanwhile one stands open for long.
    const long = connect({ port: socket.remotePort ?? 0, host: '127.0.0.1' }, () =>
      long.write(text.slice(0, 40), 'latin1'),
    )
    long.on('error', () => undefined)
    held.push(long)
    if (held.length > mostHeld) held.shift()?.destroy()
  }

const broken: Way =
  ({ make }) =>
  ({ socket }) => {
    socket.write(make.broken(), 'latin1')
    socket.end()
  }

const old: Way =
  ({ make }) =>
  (visit) =>
    visit.send(make.old())

const promised: Way =
  ({ make }) =>
  (visit) => {
    visit.send(make.bodiless())
    visit.socket.end()
  }

/** One of them is taken by chance. */
const ways: readonly Way[] = [
  ...[steady, steady, steady, steady, steady, steady, pipelined, pipelined, pipelined],
  ...[leaving, leaving, halfClosed, halfOpen, broken, old, promised],
]

const obey = async ({ port, requests, seed, tour: toured }: Order): Promise<Sent> => {
  const dice = diceOf(seed)
  const crowd: Crowd = {
    ...{ port, dice, make: hostile(dice), tour: toured ? tour() : [], held: [], hung: [] },
    ...{ requests: 0, connections: 0, answered: 0, byNode: 0 },
  }
  const worker = async () => {
    while (crowd.requests < requests || crowd.tour.length > 0) await visit(crowd, dice.one(ways)(crowd))
  }
  const workers = Math.min(mostWorkers, Math.ceil(requests / 50))
  await Promise.all(Array.from({ length: workers }, worker))
  for (const socket of crowd.held) socket.destroy()
  const { connections, answered, byNode, hung } = crowd
  return { requests: crowd.requests, connections, answered, byNode, hung }
}

process.on('message', (order: Order) => {
  obey(order)
    .then((sent) => process.send?.(sent))
    .catch((error: unknown) => process.send?.({ failed: String(error) }))
})
process.once('disconnect', () => process.exit())
