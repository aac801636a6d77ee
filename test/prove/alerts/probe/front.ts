import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import type { Certificate } from '../../../integration/certificates.ts'
import { listening } from '../../listening.ts'

/** What becomes of a request on its way to the service. */
export type Manner = 'pass' | 'late' | 'login' | 'maintenance'

/** A proxy in front of a service. */
export interface Front {
  readonly port: number
  become(manner: Manner): void
  end(): void
}

/** The same by https, with a certificate that can be renewed. */
export interface SecureFront extends Pick<Front, 'port' | 'end'> {
  renew(certificate: Certificate): void
}

/** Milliseconds: less than a probe may take. */
const lateness = 350

const passOn = (service: number, from: IncomingMessage, to: ServerResponse) => {
  const onward = request({ host: '127.0.0.1', port: service, path: from.url, method: from.method, agent: false })
  onward.once('response', (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(to)
  })
  // Cut off in the middle of an answer, it can only be cut off as well.
  onward.once('error', () => (to.headersSent ? to.destroy() : to.writeHead(502).end('Bad Gateway')))
  // Whoever asked has given up.
  to.once('close', () => onward.destroy())
  onward.end()
}

export const frontOf = async (service: number): Promise<Front> => {
  let manner: Manner = 'pass'
  const page = (response: ServerResponse, status: number, text: string) =>
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
  const server = createServer(async (from, to) => {
    if (manner === 'maintenance') return page(to, 203, 'We will be back soon')
    if (manner === 'login' && from.url === '/login') return page(to, 200, 'Who are you?')
    if (manner === 'login') return to.writeHead(302, { location: '/login' }).end()
    if (manner === 'late') await delay(lateness)
    return passOn(service, from, to)
  })
  return {
    port: await listening(server),
    become: (next) => {
      manner = next
    },
    end: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export const secureFrontOf = async (service: number, certificate: Certificate): Promise<SecureFront> => {
  const server = createSecureServer(certificate, (from, to) => passOn(service, from, to))
  return {
    port: await listening(server),
    renew: ({ cert, key }) => server.setSecureContext({ cert, key }),
    end: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
