import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Stands between a client and a server. */
export interface Line {
  readonly port: number
  /** From now on what the server says takes so many milliseconds. */
  slow(milliseconds: number): void
  /** No connection is let through any more. */
  cut(): void
  mend(): void
  close(): void
}

/** What comes later is never passed on before what came first. */
const lateTo = (client: Socket, waits: () => number) => {
  let last: Promise<unknown> = Promise.resolve()
  return (bytes: Buffer) => {
    const due = performance.now() + waits()
    last = last.then(async () => {
      await delay(Math.max(0, due - performance.now()))
      if (!client.destroyed) client.write(bytes)
    })
  }
}

/** A way to a server of this machine that can be slow, or cut. */
export const lineTo = async (target: number): Promise<Line> => {
  let wait = 0
  let open = true
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true })
    upstream.on(
      'data',
      lateTo(client, () => wait),
    )
    client.on('data', (bytes) => upstream.write(bytes))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    client.on('close', () => clients.delete(client))
    if (!open) client.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const hangUp = () => {
    for (const client of clients) client.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    slow: (milliseconds) => {
      wait = milliseconds
    },
    cut: () => {
      open = false
      hangUp()
    },
    mend: () => {
      open = true
    },
    close: () => {
      server.close()
      hangUp()
    },
  }
}
