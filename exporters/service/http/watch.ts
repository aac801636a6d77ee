import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Histogram } from '../../../metrics/metric.ts'
import type { Kept } from '../../reading.ts'
import type { Report } from '../instruments/faults.ts'
import { clientLeft, type Ended, httpCells } from './cells.ts'
import { activeConnections, httpRequestDuration, httpRequestsInFlight, unmatched } from './metrics.ts'

export type Server = HttpServer | HttpsServer

/** A request that is not over. */
interface Underway {
  readonly owner: object
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly begun: number
  route: string | undefined
  traceId: string | undefined
}

/** What is known of one connection, to count requests that it takes with it and the bytes of each. */
interface Connection {
  /** In the order they came: more than one only where the client does not wait for answers. */
  readonly underway: Underway[]
  bytesRead: number
  bytesWritten: number
}

/** Marks on Node's own objects: to look them up in a map aside would cost as much as all the rest. */
const underwayOf = Symbol('request under way')
const connectionOf = Symbol('connection')
interface MarkedRequest extends IncomingMessage {
  [underwayOf]?: Underway
}
interface MarkedResponse extends ServerResponse {
  [underwayOf]?: Underway
}
interface MarkedSocket extends Socket {
  [connectionOf]?: Connection
}

/** What Node says on both channels. */
interface Message {
  readonly request: MarkedRequest
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

export interface HttpWatch {
  /** Counts the requests of this server from now on. */
  watch(server: Server): void
  /** Counts those of every server of the process, but for these. */
  watchAll(except: (server: Server) => boolean): void
  /** Leaves a server uncounted that is not the visitors'. */
  leaveOut(server: Server): void
  /** Does not count the requests of these routes, given by their patterns. */
  ignore(routes: readonly string[]): void
  /** Names the route of a request that is under way, by its pattern. One that nobody has counted yet is, from here on. */
  name(request: IncomingMessage, response: ServerResponse, route: string | undefined): void
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
  const { report, ignore, findRoute, onEnd, duration = httpRequestDuration, maxSeries, onLimit } = options
  const cells = httpCells({ maxSeries, onLimit, duration })
  const ignored = new Set(ignore)
  /** Whose sockets are counted, and whose requests: a server that is closed may listen again. */
  const servers = new Set<Server>()
  const watched = new WeakSet<Server>()
  const leftOut = new WeakSet<Server>()
  let isOurs = (server: Server) => watched.has(server)
  let inFlight = 0
  const me = {}

  const routeOf = (request: IncomingMessage) => {
    try {
      return findRoute(request)
    } catch (cause) {
      report('http', cause)
      return undefined
    }
  }
  const end = (one: Underway, socket: MarkedSocket | undefined, status: number, left: boolean) => {
    inFlight -= 1
    const { requestBytes, responseBytes } = bytesOf(socket)
    const route = one.route ?? routeOf(one.request) ?? unmatched
    if (ignored.has(route)) return
    const seconds = (performance.now() - one.begun) / 1000
    const { traceId } = one
    const ended = { method: one.request.method ?? '', route, status, seconds, requestBytes, responseBytes, traceId }
    cells.add(ended, left)
    onEnd?.(ended, left)
  }

  const mark = (request: MarkedRequest, response: MarkedResponse) => {
    const one: Underway = {
      owner: me,
      request,
      response,
      begun: performance.now(),
      route: undefined,
      traceId: undefined,
    }
    response[underwayOf] = one
    request[underwayOf] = one
    inFlight += 1
    return one
  }
  const begin = (request: MarkedRequest, response: MarkedResponse, socket: MarkedSocket) => {
    const one = mark(request, response)
    const known = socket[connectionOf]
    if (known) known.underway.push(one)
    else socket[connectionOf] = follow(socket, one)
    return one
  }
  const follow = (socket: MarkedSocket, first: Underway): Connection => {
    const connection: Connection = { underway: [first], bytesRead: 0, bytesWritten: 0 }
    socket.once('close', () => {
      const left = clientEnded(socket)
      for (const one of connection.underway.splice(0)) {
        safely(() => end(one, socket, left ? clientLeft : statusOfCut(one.response), left))
      }
    })
    return connection
  }
  /** HTTP/2 and simulated requests have no channel, and a server may be one we learn of only now. */
  const beginUnannounced = (request: MarkedRequest, response: MarkedResponse) => {
    const one = mark(request, response)
    let complete = false
    response.once('finish', () => {
      complete = true
    })
    response.once('close', () =>
      safely(() => {
        const left = !complete && !response.errored
        const status = left ? clientLeft : complete ? response.statusCode : statusOfCut(response)
        end(one, undefined, status, left)
      }),
    )
    return one
  }
  const finish = (one: Underway, socket: MarkedSocket, status: number) => {
    const underway = socket[connectionOf]?.underway
    const place = underway?.indexOf(one) ?? -1
    if (!underway || place < 0) return
    if (underway.length === 1) underway.pop()
    else underway.splice(place, 1)
    end(one, socket, status, false)
  }

  // What is thrown on a channel ends the process.
  const safely = (work: () => void) => {
    try {
      work()
    } catch (cause) {
      report('http', cause)
    }
  }
  const onBegin = (message: unknown) => {
    try {
      if (!isMessage(message) || !isOurs(message.server) || message.response[underwayOf]) return
      if (!servers.has(message.server)) watch(message.server)
      begin(message.request, message.response, message.socket)
    } catch (cause) {
      report('http', cause)
    }
  }
  const onFinish = (message: unknown) => {
    try {
      const one = isMessage(message) ? message.response[underwayOf] : undefined
      if (!isMessage(message) || one?.owner !== me) return
      watch(message.server)
      finish(one, message.socket, message.response.statusCode)
    } catch (cause) {
      report('http', cause)
    }
  }
  const watch = (server: Server) => {
    watched.add(server)
    if (servers.has(server)) return
    servers.add(server)
    server.once('close', () => servers.delete(server))
  }

  subscribe(begins, onBegin)
  subscribe(ends, onFinish)
  return {
    watch,
    watchAll: (except) => {
      isOurs = (server) => watched.has(server) || !(leftOut.has(server) || except(server))
    },
    leaveOut: (server) => {
      leftOut.add(server)
      watched.delete(server)
      servers.delete(server)
    },
    ignore: (routes) => {
      for (const route of routes) ignored.add(route)
    },
    name: (request: MarkedRequest, response: MarkedResponse, route) => {
      const one = request[underwayOf] ?? beginUnannounced(request, response)
      if (one.owner === me && route !== undefined) one.route = route
    },
    trace: (request: MarkedRequest, traceId) => {
      const one = request[underwayOf]
      if (one) one.traceId = traceId
    },
    kept: async () => [
      ...cells.kept(),
      { metric: httpRequestsInFlight, lines: () => [[httpRequestsInFlight.name, inFlight]] },
      await connectionsOf(servers),
    ],
    close: () => {
      unsubscribe(begins, onBegin)
      unsubscribe(ends, onFinish)
    },
  }
}

/** Faults of a connection that come from its other end; Node names those of its parser HPE_. */
const fromOutside = /^(?:E(?:CONN(?:RESET|ABORTED)|PIPE|TIMEDOUT)|HPE_\w+)$/

/** Whether the client ended a connection, and not we: a handler may have destroyed it, or a stream that failed. */
const clientEnded = ({ errored, readableEnded }: Socket) => {
  if (errored === null) return readableEnded
  return 'code' in errored && typeof errored.code === 'string' && fromOutside.test(errored.code)
}

/** An answer that we cut off is a fault of ours, whatever status it began with. */
const statusOfCut = ({ statusCode }: ServerResponse) => (statusCode >= 500 ? statusCode : 500)

/** What went over the wire since the request before. */
const bytesOf = (socket: MarkedSocket | undefined) => {
  const connection = socket?.[connectionOf]
  if (!socket || !connection) return { requestBytes: undefined, responseBytes: undefined }
  const { bytesRead, bytesWritten } = socket
  const requestBytes = bytesRead - connection.bytesRead
  const responseBytes = bytesWritten - connection.bytesWritten
  connection.bytesRead = bytesRead
  connection.bytesWritten = bytesWritten
  return { requestBytes, responseBytes }
}

/** Idle ones too, at no cost to any of them. */
const connectionsOf = async (servers: ReadonlySet<Server>): Promise<Kept> => {
  const counts = [...servers].map(
    (server) =>
      new Promise<number>((resolve) => {
        server.getConnections((failure, count) => resolve(failure ? 0 : count))
      }),
  )
  const open = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  return { metric: activeConnections, lines: () => [[activeConnections.name, open]] }
}
