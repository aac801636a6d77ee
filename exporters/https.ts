import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import { fresh, type Tell } from './secret.ts'

export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** With it, only who shows a certificate that this authority signed gets in. */
  readonly clientCa?: string | undefined
}

/** Prometheus comes back every few seconds, and a handshake costs both sides more than a scrape. */
const keepAlive = 72_000

/**
 * An HTTPS server for a listener. Its certificate is read with each new connection, so that a renewed one is served
 * without a restart; one without its key is not, until the key is there too.
 * @throws Error naming the files, where certificate and key cannot be used from the start
 */
export const httpsServer =
  ({ cert, key, clientCa }: TlsFiles, tell: Tell) =>
  (listener: RequestListener): Server => {
    const current = fresh({
      name: `EXPORTER_TLS_CERT and EXPORTER_TLS_KEY${clientCa ? ', and EXPORTER_TLS_CLIENT_CA' : ''}`,
      files: [cert, key, ...(clientCa ? [clientCa] : [])],
      make: ([cert, key, ca]) => {
        const options = { cert, key, ...(ca !== undefined && { ca }) }
        createSecureContext(options)
        return options
      },
      tell,
    })
    let served = current()
    const clients = clientCa !== undefined
    const server = createServer({ ...served, requestCert: clients, rejectUnauthorized: clients }, listener)
    server.keepAliveTimeout = keepAlive
    // Before Node's own listener, which begins the handshake with what the server has then.
    server.prependListener('connection', () => {
      const now = current()
      if (now !== served) server.setSecureContext(now)
      served = now
    })
    return server
  }
