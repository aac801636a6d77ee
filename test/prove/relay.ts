import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server of this machine, on which whoever made it decides what becomes of the answers. */
export interface Relay {
  readonly port: number
  /** How many clients there are. */
  open(): number
  /** Ends every connection there is. */
  hangUp(): void
  close(): void
}

/** @param answering how answers to one client are passed on; where it is nothing, the client is not let in */
export const relayTo = async (
  target: number,
  answering: (client: Socket) => ((bytes: Buffer) => void) | undefined,
): Promise<Relay> => {
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    const pass = answering(client)
    if (!pass) {
      client.destroy()
      return
    }
    clients.add(client)
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    upstream.on('data', pass)
    client.on('data', (bytes) => upstream.write(bytes))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    client.on('close', () => clients.delete(client))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const hangUp = () => {
    for (const client of clients) client.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    open: () => clients.size,
    hangUp,
    close: () => {
      server.close()
      hangUp()
    },
  }
}
