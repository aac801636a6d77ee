import { Agent, type ClientRequest, request } from 'node:http'
import { connect } from 'node:net'
import type { Dice } from '../dice.ts'
import { isCut, isEndless, type Route, routes } from './routes.ts'

/** What the clients know they got. */
export interface Tally {
  /** `METHOD route status` -> how often. An answer that the server cut off stands here under 500. */
  readonly completed: Map<string, number>
  /** `METHOD route` -> how many requests their clients left. */
  readonly left: Map<string, number>
  /** All requests, of which so many were cut off, and so many went over a connection that had been used before. */
  asked: number
  broken: number
  reused: number
}

export const freshTally = (): Tally => ({ completed: new Map(), left: new Map(), asked: 0, broken: 0, reused: 0 })

interface ClientsOptions {
  readonly port: number
  readonly dice: Dice
  readonly tally: Tally
  /** Resolves when the server has seen a request of this path. */
  readonly seen: (path: string) => Promise<void>
  /** Whether a route is known by the path alone, whatever the method. */
  readonly byPath: boolean
}

const plus = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
const count = (tally: Tally, method: string, route: string, status: number) => {
  tally.asked += 1
  plus(tally.completed, `${method} ${route} ${status}`)
}
const countLeft = (tally: Tally, { method, pattern }: Route) => {
  tally.asked += 1
  plus(tally.left, `${method} ${pattern}`)
}

/** Those of which many are one series. */
const strange = ['PROPFIND', 'MKCOL', 'LOCK']
const lost = ['/wp-login.php', '/.env', '/reservations/1/2/3', '/%00', '/guests']
/** A path without a handler for OPTIONS: Express makes an answer up, and others refuse. */
const withoutOptions = '/conflict'

const finite = routes.filter((route) => !isEndless(route) && !isCut(route))
const endless = routes.filter(isEndless)
const cutOff = routes.filter(isCut)
const uploads = routes.filter(({ does }) => does === 'echo')

const pathOf = ({ pattern }: Route, dice: Dice) =>
  `${pattern.replaceAll(/:\w+/g, () => `v${dice.word()}`)}?q=${dice.below(9)}`

/** Of which there is one only. */
const ownPathOf = (route: Route, { dice, tally }: ClientsOptions) =>
  pathOf(route, dice).replace('?', `?n=${tally.asked}-${dice.word()}&`)

/** A person with a browser or an app: keeps connections, reads what comes. */
const politeClient = ({ port, dice, tally, byPath }: ClientsOptions) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const used = new WeakSet<object>()
  const ask = (method: string, path: string, body = '') =>
    new Promise<number>((resolve, reject) => {
      const headers = body === '' ? {} : { 'content-type': 'text/plain', 'content-length': body.length }
      const asked = request({ port, host: '127.0.0.1', agent, method, path, headers }, (response) => {
        response.resume()
        response.once('error', reject)
        response.once('end', () => resolve(response.statusCode ?? 0))
        // The agent marks only what it takes from its idle ones.
        if (used.has(response.socket)) tally.reused += 1
        used.add(response.socket)
      })
      asked.once('error', reject)
      asked.end(body)
    })
  const beside = async () => {
    if (dice.below(3) === 0) {
      const status = await ask('OPTIONS', withoutOptions)
      return count(tally, 'OPTIONS', byPath ? withoutOptions : 'unmatched', status)
    }
    const method = dice.one(['GET', 'HEAD', ...strange])
    const status = await ask(method, dice.one(lost))
    return count(tally, strange.includes(method) ? 'OTHER' : method, 'unmatched', status)
  }
  return {
    agent,
    one: async () => {
      if (dice.below(20) === 0) return beside()
      const route = dice.one(finite)
      const method = route.method === 'GET' && dice.below(4) === 0 ? 'HEAD' : route.method
      const status = await ask(
        method,
        pathOf(route, dice),
        route.does === 'echo' ? 'a wish'.repeat(dice.below(50)) : '',
      )
      if (status !== route.status) throw new Error(`${method} ${route.pattern} answered ${status}`)
      return count(tally, method, route.pattern, status)
    },
    /** Asks for what the server will not bring to an end. */
    cut: async () => {
      const route = dice.one(cutOff)
      const answered = await ask(route.method, pathOf(route, dice)).catch(() => undefined)
      if (answered !== undefined) throw new Error(`${route.pattern} answered ${answered}, and was not cut off`)
      tally.broken += 1
      count(tally, route.method, route.pattern, route.status)
    },
    end: () => agent.destroy(),
  }
}

/** Leaves before the answer is complete, once the server has begun with it; on a connection of its own or a kept one. */
const impatientClient = async (options: ClientsOptions, kept: Agent) => {
  const { port, dice, tally, seen } = options
  const route = dice.one(endless)
  const path = ownPathOf(route, options)
  const arrived = seen(path)
  let asked: ClientRequest | undefined
  const begun = new Promise<void>((resolve) => {
    const agent = dice.below(2) === 0 ? kept : false
    asked = request({ port, host: '127.0.0.1', path, agent }, (response) => {
      response.once('data', () => resolve())
      response.once('error', () => undefined)
    })
    asked.on('error', () => undefined)
    asked.end()
  })
  await arrived
  // Of one that hangs nothing comes.
  if (route.does !== 'hang') await begun
  countLeft(tally, route)
  asked?.destroy()
}

/** Leaves in the middle of what it sends. */
const interruptedUpload = async (options: ClientsOptions) => {
  const { port, dice, tally, seen } = options
  const route = dice.one(uploads)
  const path = ownPathOf(route, options)
  const arrived = seen(path)
  const length = dice.below(2) === 0 ? { 'content-length': 10_000 } : { 'transfer-encoding': 'chunked' }
  const headers = { 'content-type': 'text/plain', ...length }
  const asked = request({ port, host: '127.0.0.1', method: route.method, path, headers, agent: false })
  asked.on('error', () => undefined)
  asked.write('half a wish')
  await arrived
  countLeft(tally, route)
  asked.destroy()
}

const wishes = ['GET /tables', 'HEAD /tables', 'GET /unchanged', 'GET /conflict', 'GET /stream', 'GET /throw'] as const

/** Sends several requests before it reads an answer. */
const hastyClient = ({ port, dice, tally }: ClientsOptions) =>
  new Promise<void>((resolve, reject) => {
    const asked = Array.from({ length: 1 + dice.below(5) }, () => dice.one(wishes))
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.once('error', reject)
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
    })
    socket.once('close', () => {
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
      if (statuses.length !== asked.length) return reject(new Error(`${statuses.length} of ${asked.length} answers`))
      for (const [at, wish] of asked.entries()) {
        const [method = '', path = ''] = wish.split(' ')
        count(tally, method, path, statuses[at] ?? 0)
      }
      return resolve()
    })
    const lines = (wish: string, last: boolean) =>
      `${wish} HTTP/1.1\r\nhost: api\r\n${last ? 'connection: close\r\n' : ''}\r\n`
    socket.write(asked.map((wish, at) => lines(wish, at === asked.length - 1)).join(''))
  })

/** Makes so many requests, in all the ways there are. */
export const visit = async (options: ClientsOptions, requests: number): Promise<void> => {
  const polite = politeClient(options)
  const { dice, tally } = options
  const worker = async () => {
    while (tally.asked < requests) {
      const way = dice.below(100)
      if (way < 2) await impatientClient(options, polite.agent)
      else if (way < 3) await interruptedUpload(options)
      else if (way < 5) await polite.cut()
      else if (way < 9) await hastyClient(options)
      else await polite.one()
    }
  }
  try {
    await Promise.all(Array.from({ length: 24 }, worker))
  } finally {
    polite.end()
  }
}
