import { Agent, type ClientRequest, request } from 'node:http'
import { connect } from 'node:net'
import type { Dice } from '../dice.ts'
import { isEndless, type Route, routes } from './routes.ts'

/** What the clients know they got: `METHOD route status` -> how often; and how many requests they left. */
export interface Tally {
  readonly completed: Map<string, number>
  left: number
}

interface ClientsOptions {
  readonly port: number
  readonly dice: Dice
  readonly tally: Tally
  /** Resolves when the server has seen that many requests of this path. */
  readonly seen: (path: string) => Promise<void>
}

const count = ({ completed }: Tally, method: string, route: string, status: number) => {
  const key = `${method} ${route} ${status}`
  completed.set(key, (completed.get(key) ?? 0) + 1)
}

/** Those of which many are one series. */
const strange = ['PROPFIND', 'MKCOL', 'LOCK']
const lost = ['/wp-login.php', '/.env', '/reservations/1/2/3', '/%00', '/guests']

const finite = routes.filter((route) => !isEndless(route))
const endless = routes.filter(isEndless)

const pathOf = ({ pattern }: Route, dice: Dice) =>
  `${pattern.replaceAll(/:\w+/g, () => `v${dice.word()}`)}?q=${dice.below(9)}`

/** A person with a browser or an app: keeps connections, reads what comes. */
const politeClient = ({ port, dice, tally }: ClientsOptions) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const ask = (method: string, path: string, body: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = body === '' ? {} : { 'content-type': 'text/plain', 'content-length': body.length }
      const asked = request({ port, host: '127.0.0.1', agent, method, path, headers }, (response) => {
        response.resume()
        response.once('error', reject)
        response.once('end', () => resolve(response.statusCode ?? 0))
      })
      asked.once('error', reject)
      asked.end(body)
    })
  return {
    one: async () => {
      if (dice.below(20) === 0) {
        const method = dice.below(2) === 0 ? 'GET' : dice.one(strange)
        const status = await ask(method, dice.one(lost), '')
        return count(tally, method === 'GET' ? method : 'OTHER', 'unmatched', status)
      }
      const route = dice.one(finite)
      const status = await ask(
        route.method,
        pathOf(route, dice),
        route.does === 'echo' ? 'a wish'.repeat(dice.below(50)) : '',
      )
      if (status !== route.status) throw new Error(`${route.method} ${route.pattern} answered ${status}`)
      return count(tally, route.method, route.pattern, status)
    },
    end: () => agent.destroy(),
  }
}

/** Leaves before the answer is complete, once the server has begun with it. */
const impatientClient = async ({ port, dice, tally, seen }: ClientsOptions) => {
  const route = dice.one(endless)
  const path = pathOf(route, dice).replace('?', `?n=${dice.word()}&`)
  const arrived = seen(path)
  let asked: ClientRequest | undefined
  const begun = new Promise<void>((resolve) => {
    asked = request({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      response.once('data', () => resolve())
      response.once('error', () => undefined)
    })
    asked.on('error', () => undefined)
    asked.end()
  })
  await arrived
  // Of one that hangs nothing comes.
  if (route.does !== 'hang') await begun
  tally.left += 1
  asked?.destroy()
}

/** Sends several requests before it reads an answer. */
const hastyClient = ({ port, dice, tally }: ClientsOptions) =>
  new Promise<void>((resolve, reject) => {
    const wishes = Array.from({ length: 1 + dice.below(5) }, () =>
      dice.one(['/tables', '/conflict', '/stream', '/throw']),
    )
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.once('error', reject)
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
    })
    socket.once('close', () => {
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
      if (statuses.length !== wishes.length) return reject(new Error(`${statuses.length} of ${wishes.length} answers`))
      for (const [at, path] of wishes.entries()) count(tally, 'GET', path, statuses[at] ?? 0)
      return resolve()
    })
    const lines = (path: string, last: boolean) =>
      `GET ${path} HTTP/1.1\r\nhost: api\r\n${last ? 'connection: close\r\n' : ''}\r\n`
    socket.write(wishes.map((path, at) => lines(path, at === wishes.length - 1)).join(''))
  })

/** Makes so many requests, in all the ways there are. */
export const visit = async (options: ClientsOptions, requests: number): Promise<void> => {
  const polite = politeClient(options)
  const { dice, tally } = options
  const total = () => [...tally.completed.values()].reduce((sum, many) => sum + many, 0) + tally.left
  const worker = async () => {
    while (total() < requests) {
      const way = dice.below(50)
      if (way === 0) await impatientClient(options)
      else if (way < 3) await hastyClient(options)
      else await polite.one()
    }
  }
  try {
    await Promise.all(Array.from({ length: 24 }, worker))
  } finally {
    polite.end()
  }
}
