import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientLeft } from './cells.ts'

/** Knows the route of one request, and takes a while to say. Fastify's own request is one. */
export interface Routed {
  readonly routeOptions: { readonly url?: string | undefined }
}

/** A request that is not over. */
export interface Underway {
  readonly owner: object
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly begun: number
  route: string | undefined
  /** Asked for the route at the end, where that is not known by then. */
  routed: Routed | undefined
  traceId: string | undefined
}

/** How a request ended. */
export interface End {
  readonly status: number
  /** Whether its client did not wait for it. */
  readonly left: boolean
  /** On the wire; undefined for HTTP/2, and for requests that Node did not announce. */
  readonly requestBytes: number | undefined
  readonly responseBytes: number | undefined
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
export interface MarkedResponse extends ServerResponse {
  [underwayOf]?: Underway
}
export interface MarkedSocket extends Socket {
  [connectionOf]?: Connection
}

export interface Requests {
  /** The request that an answer is for; undefined where nobody counts it. */
  of(response: MarkedResponse): Underway | undefined
  /** The same for a request whose answer is not at hand. */
  find(request: IncomingMessage): Underway | undefined
  begin(request: IncomingMessage, response: MarkedResponse, socket: MarkedSocket): Underway
  /** HTTP/2 and simulated requests have no channel, and a server may be one we learn of only now. */
  beginUnannounced(request: IncomingMessage, response: MarkedResponse): Underway
  /** The answer is out. */
  finish(one: Underway, socket: MarkedSocket): void
}

/**
 * Follows requests to their end: that of their answer, or that of their connection.
 * @param over called once for each, and may not throw
 */
export const requestsUnderway = (owner: object, over: (one: Underway, end: End) => void): Requests => {
  const mark = (request: IncomingMessage, response: MarkedResponse) => {
    const one: Underway = {
      owner,
      request,
      response,
      begun: performance.now(),
      route: undefined,
      routed: undefined,
      traceId: undefined,
    }
    response[underwayOf] = one
    return one
  }
  const follow = (socket: MarkedSocket, first: Underway): Connection => {
    const connection: Connection = { underway: [first], bytesRead: 0, bytesWritten: 0 }
    socket.once('close', () => {
      const left = clientEnded(socket)
      for (const one of connection.underway.splice(0)) {
        over(one, { status: left ? clientLeft : statusOfCut(one.response), left, ...bytesOf(socket, connection) })
      }
    })
    return connection
  }
  return {
    of: (response) => response[underwayOf],
    find: (request) => connectionOn(request.socket)?.underway.find((one) => one.request === request),
    begin: (request, response, socket) => {
      const one = mark(request, response)
      const known = socket[connectionOf]
      if (known) known.underway.push(one)
      else socket[connectionOf] = follow(socket, one)
      return one
    },
    beginUnannounced: (request, response) => {
      const one = mark(request, response)
      let complete = false
      response.once('finish', () => {
        complete = true
      })
      response.once('close', () => {
        const left = !complete && !response.errored
        const status = left ? clientLeft : complete ? response.statusCode : statusOfCut(response)
        over(one, { status, left, requestBytes: undefined, responseBytes: undefined })
      })
      return one
    },
    finish: (one, socket) => {
      const connection = socket[connectionOf]
      const place = connection?.underway.indexOf(one) ?? -1
      if (!connection || place < 0) return
      if (connection.underway.length === 1) connection.underway.pop()
      else connection.underway.splice(place, 1)
      const { requestBytes, responseBytes } = bytesOf(socket, connection)
      over(one, { status: one.response.statusCode, left: false, requestBytes, responseBytes })
    },
  }
}

const connectionOn = (socket: MarkedSocket) => socket[connectionOf]

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
const bytesOf = ({ bytesRead, bytesWritten }: Socket, connection: Connection) => {
  const requestBytes = bytesRead - connection.bytesRead
  const responseBytes = bytesWritten - connection.bytesWritten
  connection.bytesRead = bytesRead
  connection.bytesWritten = bytesWritten
  return { requestBytes, responseBytes }
}
