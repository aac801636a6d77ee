import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../integration/servers.ts'

/** Stands between an exporter and its server and counts how often the one waited for the other. */
export interface Proxy {
  readonly port: number
  /** Turns from the server's bytes to the exporter's, the first ones included: round trips, of all connections. */
  trips(): number
  connections(): number
  close(): void
}

export const countingProxy = async (target: number): Promise<Proxy> => {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let trips = 0
  let connections = 0
  const server = createServer((client) => {
    connections += 1
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    client.setNoDelay(true)
    let answered = true
    client.on('data', (bytes) => {
      if (answered) trips += 1
      answered = false
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      answered = true
      client.write(bytes)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('end', () => other.end())
      one.on('close', () => sockets.delete(one))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port,
    trips: () => trips,
    connections: () => connections,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
