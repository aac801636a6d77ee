import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { formatFor } from '../../exposition.ts'
import type { Kept } from '../../reading.ts'
import { acceptsGzip, limitTo, timeoutOf } from '../../scrape-request.ts'
import { snapshotOf } from '../../snapshot.ts'
import type { HealthAnswer } from '../health/health.ts'
import type { Report } from '../instruments/faults.ts'

interface MetricsServerOptions {
  readonly host: string
  readonly port: number
  readonly readings: () => Promise<readonly Kept[]>
  /** Answers the health endpoints, for services that have no route for them; undefined for any other path. */
  readonly health: (path: string) => Promise<HealthAnswer> | undefined
  readonly report: Report
  /** Milliseconds until a port that was taken is tried again: the process before this one may still be leaving. */
  readonly retryEvery?: number
}

export interface MetricsServer {
  readonly server: Server
  /**
   * Resolves with the address once it listens.
   * @throws Error at the first failure; it is tried again all the same
   */
  ready(): Promise<string>
  close(): Promise<void>
}

/** `/metrics` and the health endpoints on a port of their own, where no visitor of the service gets. */
export const metricsServer = (options: MetricsServerOptions): MetricsServer => {
  const { host, port, readings, health, report, retryEvery = 1_000 } = options
  const server = createServer((request, response) => {
    answer(request, response).catch((cause: unknown) => {
      report('metrics server', cause)
      if (response.headersSent) response.destroy()
      else say(response, 500, 'the metrics could not be read: the log says why\n')
    })
  })
  // A scrape must not keep a process alive that has nothing else to do, nor a connection that waits for the next.
  server.unref()
  server.on('connection', (socket) => socket.unref())
  server.keepAliveTimeout = 65_000

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'only GET\n')
    if (path === '/metrics') return tell(request, response)
    const probed = health(path)
    if (!probed) return say(response, 404, 'here are /metrics and the health endpoints\n')
    const { status, body } = await probed
    return say(response, status, JSON.stringify(body), 'application/json; charset=utf-8')
  }

  let underway: Promise<readonly Kept[]> | undefined
  const read = () => {
    underway ??= readings().finally(() => {
      underway = undefined
    })
    return underway
  }
  const tell = async ({ headers }: IncomingMessage, response: ServerResponse) => {
    limitTo(response, timeoutOf(headers['x-prometheus-scrape-timeout-seconds']))
    const format = formatFor(headers.accept)
    const gzip = acceptsGzip(headers['accept-encoding'])
    const snapshot = snapshotOf(await read())
    if (gzip) response.setHeader('content-encoding', 'gzip')
    response.setHeader('content-type', format.contentType)
    response.setHeader('vary', 'accept, accept-encoding')
    const body = Readable.from(snapshot.body(format, gzip), { objectMode: true, highWaterMark: 1 })
    // Whoever leaves before the end is nobody's fault.
    pipeline(body, response, () => undefined)
  }

  const listening = listen(server, { host, port, report, retryEvery })
  return {
    server,
    ready: () => listening.first,
    close: async () => {
      listening.stop()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const say = (response: ServerResponse, status: number, words: string, type = 'text/plain; charset=utf-8') => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(words)
}

type Listening = Pick<MetricsServerOptions, 'host' | 'port' | 'report'> & { readonly retryEvery: number }

const listen = (server: Server, { host, port, report, retryEvery }: Listening) => {
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  const attempt = () => {
    // Each worker of a cluster would otherwise share the port, and a scrape meet one of them by chance.
    if (!stopped) server.listen({ host, port, exclusive: true })
  }
  const first = new Promise<string>((resolve, reject) => {
    server.on('listening', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? `http://${inUrl(host)}:${address.port}` : '')
    })
    server.on('error', (cause) => {
      const failure = new Error(`could not serve /metrics on ${inUrl(host)}:${port}: ${remedyOf(cause)}`, { cause })
      report('metrics server', failure)
      reject(failure)
      retry = setTimeout(attempt, retryEvery).unref()
    })
  })
  // Whoever does not ask is told by the report.
  first.catch(() => undefined)
  attempt()
  const stop = () => {
    stopped = true
    clearTimeout(retry)
  }
  return { first, stop }
}

const inUrl = (host: string) => (host.includes(':') ? `[${host}]` : host)

const remedyOf = (cause: Error) => {
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE') return 'the port is in use; set METRICS_PORT to another one'
  if (code === 'EACCES') return 'this user may not open the port; set METRICS_PORT to one above 1023'
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address; set METRICS_HOST to one of its own'
  return cause.message
}
