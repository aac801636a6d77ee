import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { relayTo } from '../relay.ts'

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
  const { port, hangUp, close } = await relayTo(target, (client) => (open ? lateTo(client, () => wait) : undefined))
  return {
    port,
    close,
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
  }
}
