import type { ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'

/** What every server does, whatever it is made with. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As the server declares it, and as the label is to be. */
  readonly pattern: string
  readonly status: number
  readonly does: 'answer' | 'echo' | 'stream' | 'throw' | 'reject' | 'hang' | 'stream for ever'
}

export const routes: readonly Route[] = [
  { method: 'GET', pattern: '/tables', status: 200, does: 'answer' },
  { method: 'GET', pattern: '/reservations/:id', status: 200, does: 'answer' },
  { method: 'POST', pattern: '/reservations', status: 201, does: 'echo' },
  { method: 'PUT', pattern: '/reservations/:id', status: 200, does: 'echo' },
  { method: 'PATCH', pattern: '/reservations/:id', status: 200, does: 'echo' },
  { method: 'DELETE', pattern: '/reservations/:id', status: 204, does: 'answer' },
  { method: 'GET', pattern: '/guests/:guest/orders/:order', status: 200, does: 'answer' },
  { method: 'GET', pattern: '/guests/:guest/broken', status: 500, does: 'throw' },
  { method: 'GET', pattern: '/conflict', status: 409, does: 'answer' },
  { method: 'GET', pattern: '/stream', status: 200, does: 'stream' },
  { method: 'GET', pattern: '/throw', status: 500, does: 'throw' },
  { method: 'GET', pattern: '/reject', status: 500, does: 'reject' },
  { method: 'GET', pattern: '/hang', status: 200, does: 'hang' },
  { method: 'GET', pattern: '/endless', status: 200, does: 'stream for ever' },
]

/** Those a client has to leave. */
export const isEndless = ({ does }: Route) => does === 'hang' || does === 'stream for ever'

const chunk = 'x'.repeat(1_000)

/** Writes the answer by Node's own means, so that all servers stream alike. */
export const answerBy = async ({ does, status }: Route, response: ServerResponse, body: string): Promise<void> => {
  if (does === 'throw' || does === 'reject') throw new Error('the handler failed')
  if (does === 'hang') return
  response.statusCode = status
  if (does === 'stream' || does === 'stream for ever') {
    for (let sent = 0; (does === 'stream for ever' || sent < 20) && !response.destroyed; sent += 1) {
      response.write(chunk)
      await turn()
    }
    response.end()
    return
  }
  response.end(status === 204 ? undefined : does === 'echo' ? body : 'answered')
}
