import type { ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

/** What every server does, whatever it is made with. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  /** As the server declares it, and as the label is to be. */
  readonly pattern: string
  /** As it is to be counted. Of an answer that is cut off, the client sees another one, or none. */
  readonly status: number
  readonly does:
    | 'answer'
    | 'echo'
    | 'stream'
    | 'throw'
    | 'reject'
    | 'destroy'
    | 'break off'
    | 'hang'
    | 'stream for ever'
}

export const routes: readonly Route[] = [
  { method: 'GET', pattern: '/tables', status: 200, does: 'answer' },
  { method: 'OPTIONS', pattern: '/tables', status: 204, does: 'answer' },
  { method: 'GET', pattern: '/reservations/:id', status: 200, does: 'answer' },
  { method: 'POST', pattern: '/reservations', status: 201, does: 'echo' },
  { method: 'PUT', pattern: '/reservations/:id', status: 200, does: 'echo' },
  { method: 'PATCH', pattern: '/reservations/:id', status: 200, does: 'echo' },
  { method: 'DELETE', pattern: '/reservations/:id', status: 204, does: 'answer' },
  { method: 'GET', pattern: '/guests/:guest/orders/:order', status: 200, does: 'answer' },
  { method: 'GET', pattern: '/guests/:guest/broken', status: 500, does: 'throw' },
  { method: 'GET', pattern: '/unchanged', status: 304, does: 'answer' },
  { method: 'GET', pattern: '/conflict', status: 409, does: 'answer' },
  { method: 'GET', pattern: '/stream', status: 200, does: 'stream' },
  { method: 'GET', pattern: '/throw', status: 500, does: 'throw' },
  { method: 'GET', pattern: '/reject', status: 500, does: 'reject' },
  { method: 'GET', pattern: '/destroy', status: 500, does: 'destroy' },
  { method: 'GET', pattern: '/break-off', status: 500, does: 'break off' },
  { method: 'GET', pattern: '/hang', status: 200, does: 'hang' },
  { method: 'GET', pattern: '/endless', status: 200, does: 'stream for ever' },
]

/** Those a client has to leave. */
export const isEndless = ({ does }: Route) => does === 'hang' || does === 'stream for ever'
/** Those the server itself cuts off. */
export const isCut = ({ does }: Route) => does === 'destroy' || does === 'break off'

export const gaveUp = () => new Error('the handler gave up')

/** What a handler answers; undefined where nothing may stand behind the head. */
export const wordsOf = ({ does, status }: Route, body: string) =>
  status === 204 || status === 304 ? undefined : does === 'echo' ? body : 'answered'

/** The status that the handler sets. */
export const begunWith = (route: Route) => (isCut(route) ? 200 : route.status)

const chunk = 'x'.repeat(1_000)
const chunksOfAll = 20

async function* chunks({ does }: Route) {
  for (let sent = 0; does === 'stream for ever' || sent < chunksOfAll; sent += 1) {
    if (does === 'break off' && sent === chunksOfAll / 2) throw new Error('the stream failed half-way')
    yield chunk
    await turn()
  }
}

/** The answer as a stream; undefined where it is none. */
export const streamOf = (route: Route) =>
  ['stream', 'stream for ever', 'break off'].includes(route.does)
    ? Readable.from(chunks(route), { objectMode: false })
    : undefined

/** Answers by Node's own means: what streams is written by hand, whether or not the client keeps up. */
export const answerBy = async (route: Route, response: ServerResponse, body: string): Promise<void> => {
  const { does } = route
  if (does === 'throw' || does === 'reject') throw new Error('the handler failed')
  if (does === 'hang') return
  if (does === 'destroy') return void response.destroy(gaveUp())
  response.statusCode = begunWith(route)
  if (does === 'break off') return void pipeline(Readable.from(chunks(route)), response, () => undefined)
  if (does === 'stream' || does === 'stream for ever') {
    for await (const one of chunks(route)) {
      if (response.destroyed) return
      response.write(one)
    }
    response.end()
    return
  }
  response.end(wordsOf(route, body))
}
