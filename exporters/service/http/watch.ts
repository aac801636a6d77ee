import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Histogram } from '../../../metrics/metric.ts'
import type { Kept } from '../../reading.ts'
import type { Report } from '../instruments/faults.ts'
import { type Ended, httpCells } from './cells.ts'
import { httpRequestDuration, httpRequestsInFlight, unmatched } from './metrics.ts'
import { type Server, type Servers, watchedServers } from './servers.ts'
import {
  type End,
  type MarkedResponse,
  type MarkedSocket,
  type Routed,
  requestsUnderway,
  type Underway,
} from './underway.ts'

export type { Server } from './servers.ts'

/** What Node says on both channels. */
interface Message {
  readonly request: IncomingMessage
  readonly response: MarkedResponse
  readonly socket: MarkedSocket
  readonly server: Server
}
const isMessage = (message: unknown): message is Message => typeof message === 'object' && message !== null

const begins = 'http.server.request.start'
const ends = 'http.server.response.finish'

/** Finds the pattern of the route that answered, where nobody has named it. */
export type FindRoute = (request: IncomingMessage) => string | undefined

interface WatchOptions {
  readonly report: Report
  readonly maxSeries: number
  readonly onLimit: () => void
  readonly duration?: Histogram<'method' | 'route' | 'status_code'>
  /** Routes, as patterns, whose requests are not counted. */
  readonly ignore: readonly string[]
  readonly findRoute: FindRoute
  /** Told of every request that is over and counted. */
  readonly onEnd?: ((ended: Ended, left: boolean) => void) | undefined
}

export interface HttpWatch extends Omit<Servers, 'has' | 'connections'> {
  /** Does not count the requests of these routes, given by their patterns. */
  ignore(routes: readonly string[]): void
  /** Names the route of a request that is under way, by its pattern. One that nobody has counted yet is, from here on. */
  name(request: IncomingMessage, response: ServerResponse, route: string | undefined): void
  /** Says who knows the route of a request that is under way: asked at its end, where nobody has named it by then. */
  ask(request: IncomingMessage, response: ServerResponse, routed: Routed): void
  /** The trace that a request belongs to: an exemplar leads there. */
  trace(request: IncomingMessage, traceId: string): void
  kept(): Promise<readonly Kept[]>
  close(): void
}

/**
 * Counts requests by what Node itself says of them on its diagnostics channels, once when the headers are in and once when
 * the response is out: no listener is added to a request. What the client did not wait for is told by the end of its
 * connection. A request that some other watch counts already is left to it.
 */
export const httpWatch = (options: WatchOptions): HttpWatch => {
  const { report, ignore, duration = httpRequestDuration, maxSeries, onLimit } = options
  const servers = watchedServers()
  const cells = httpCells({ maxSeries, onLimit, duration })
  const ignored = new Set(ignore)
  const count = counting(options, cells, ignored)
  const me = {}
  let inFlight = 0
  const requests = requestsUnderway(me, (one, end) => {
    inFlight -= 1
    count(one, end)
  })
  // What is thrown on a channel ends the process.
  const listener = (hear: (message: Message) => void) => (message: unknown) => {
    try {
      if (isMessage(message)) hear(message)
    } catch (cause) {
      report('http', cause)
    }
  }
  const onBegin = listener(({ request, response, socket, server }) => {
    if (!servers.has(server) || requests.of(response)) return
    servers.watch(server)
    inFlight += 1
    requests.begin(request, response, socket)
  })
  const onFinish = listener(({ response, socket, server }) => {
    const one = requests.of(response)
    if (one?.owner !== me) return
    servers.watch(server)
    requests.finish(one, socket)
  })
  const beginUnannounced = (request: IncomingMessage, response: MarkedResponse) => {
    inFlight += 1
    return requests.beginUnannounced(request, response)
  }

  /** One that nobody has counted yet is, from here on. */
  const ours = (request: IncomingMessage, response: MarkedResponse) => {
    const one = requests.of(response) ?? beginUnannounced(request, response)
    return one.owner === me ? one : undefined
  }

  subscribe(begins, onBegin)
  subscribe(ends, onFinish)
  return {
    watch: servers.watch,
    watchAll: servers.watchAll,
    leaveOut: servers.leaveOut,
    ignore: (routes) => {
      for (const route of routes) ignored.add(route)
    },
    name: (request, response, route) => {
      const one = ours(request, response)
      if (one && route !== undefined) one.route = route
    },
    ask: (request, response, routed) => {
      const one = ours(request, response)
      if (one) one.routed = routed
    },
    trace: (request, traceId) => {
      const one = requests.find(request)
      if (one) one.traceId = traceId
    },
    kept: async () => [
      ...cells.kept(),
      { metric: httpRequestsInFlight, lines: () => [[httpRequestsInFlight.name, inFlight]] },
      await servers.connections(),
    ],
    close: () => {
      unsubscribe(begins, onBegin)
      unsubscribe(ends, onFinish)
    },
  }
}

type Counting = Pick<WatchOptions, 'report' | 'findRoute' | 'onEnd'>

/** Counts what is over. Never throws: a fault is reported, and the request counted all the same where it can be. */
const counting = (
  { report, findRoute, onEnd }: Counting,
  cells: ReturnType<typeof httpCells>,
  ignored: ReadonlySet<string>,
) => {
  const routeOf = ({ request, routed }: Underway) => {
    try {
      return routed ? routed.routeOptions.url : findRoute(request)
    } catch (cause) {
      report('http', cause)
      return undefined
    }
  }
  return (one: Underway, { left, status, requestBytes, responseBytes }: End) => {
    try {
      const route = one.route ?? routeOf(one) ?? unmatched
      if (ignored.has(route)) return
      const { traceId, request } = one
      const seconds = (performance.now() - one.begun) / 1000
      const ended = { method: request.method ?? '', route, status, seconds, requestBytes, responseBytes, traceId }
      cells.add(ended, left)
      onEnd?.(ended, left)
    } catch (cause) {
      report('http', cause)
    }
  }
}
