import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { relayTo } from '../relay.ts'

/** What becomes of what a server says on its way to the exporter. */
export const manners = ['pass', 'garbage', 'half', 'trickle', 'flood', 'silence', 'hang-up'] as const
export type Manner = (typeof manners)[number]

/** Stands between the exporter and a server, and passes on what is said, or something else. */
export interface Wire {
  readonly port: number
  /** From now on, on connections that are open as well. */
  become(manner: Manner): void
  /** Connections of the exporter that are open. */
  open(): number
  close(): void
}

/** No protocol begins like this. The second half looks like a message of PostgreSQL with 1 GB to come. */
const garbage = Buffer.from(
  '\x00\xff\x07HTTP/1.1 400 Bad Request\r\n\r\n$-7\r\n*99999999\r\nD\x3f\xff\xff\xff',
  'latin1',
)
/** An answer of Redis whose end never comes; to PostgreSQL it is a message of an unknown kind. */
const endless = Buffer.from(`$1000000000\r\n${'x'.repeat(64 * 1024)}`)

const says: Readonly<Record<Manner, (client: Socket, bytes: Buffer) => unknown>> = {
  pass: (client, bytes) => client.write(bytes),
  garbage: (client) => client.write(garbage),
  half: (client, bytes) => client.write(bytes.subarray(0, Math.ceil(bytes.length / 2))),
  trickle: async (client, bytes) => {
    for (let at = 0; at < bytes.length && !client.destroyed; at += 1) {
      client.write(bytes.subarray(at, at + 1))
      await delay(100)
    }
  },
  // As fast as it is taken.
  flood: (client) => {
    const more = () => {
      while (!client.destroyed && client.write(endless));
    }
    client.on('drain', more)
    more()
  },
  silence: () => undefined,
  'hang-up': (client) => client.destroy(),
}

export const wireTo = async (target: number): Promise<Wire> => {
  let manner: Manner = 'pass'
  const { port, open, close } = await relayTo(target, (client) => {
    let spoilt = false
    return (bytes) => {
      // Half an answer has no other half, and what floods does so on.
      if (!spoilt) says[manner](client, bytes)
      spoilt ||= !['pass', 'silence'].includes(manner)
    }
  })
  return {
    port,
    open,
    close,
    become: (next) => {
      manner = next
    },
  }
}
