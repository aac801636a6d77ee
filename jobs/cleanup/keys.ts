import { setTimeout as delay } from 'node:timers/promises'
import type { RedisSession } from '../../exporters/redis/session.ts'

/** Holds back whoever goes too fast. */
export interface Rate {
  /** Resolves when so many are within the rate. */
  spend(count: number): Promise<void>
}

/** So many in a second at most, on average since the first. */
export const rateOf = (perSecond: number, signal: AbortSignal, now: () => number = () => performance.now()): Rate => {
  let free = now()
  return {
    spend: async (count) => {
      // Time in which nothing was spent is not saved up.
      free = Math.max(free, now()) + (count * 1_000) / perSecond
      const wait = free - now()
      if (wait > 1) await delay(wait, undefined, { signal })
      signal.throwIfAborted()
    },
  }
}

/** Keys that one SCAN looks at: the server does nothing else meanwhile. */
const atOnce = 500

/** What means something else in a pattern, at the beginning of a key. */
const escaped = (text: string) => text.replaceAll(/[\\*?[\]^-]/g, '\\$&')

/**
 * Every key of the database that begins so and was there all the time, each once: of one that SCAN returns twice, as it may
 * while the server reorders them, the last thousands are known.
 */
export async function* keysOf(session: RedisSession, prefix: string, rate: Rate): AsyncGenerator<readonly Buffer[]> {
  const known = new Set<string>()
  let cursor: Buffer | string = '0'
  do {
    const [next, found] = pageOf(
      await session.ask('SCAN', cursor, 'MATCH', `${escaped(prefix)}*`, 'COUNT', String(atOnce)),
    )
    const fresh = found.filter((key) => !known.has(key.toString('latin1')))
    for (const key of fresh) known.add(key.toString('latin1'))
    forget(known)
    if (fresh.length > 0) yield fresh
    await rate.spend(atOnce)
    cursor = next
  } while (cursor.toString() !== '0')
}

/** Names that are kept: with names of 50 bytes together 50 MB. */
const most = 500_000

const forget = (known: Set<string>) => {
  for (const one of known) {
    if (known.size <= most) return
    known.delete(one)
  }
}

const pageOf = (reply: unknown): readonly [cursor: Buffer, keys: readonly Buffer[]] => {
  if (!Array.isArray(reply)) throw new Error('the server answered no page of keys')
  const [cursor, keys]: readonly unknown[] = reply
  if (!Buffer.isBuffer(cursor) || !Array.isArray(keys)) throw new Error('the server answered no page of keys')
  return [cursor, keys.filter((key) => Buffer.isBuffer(key))]
}
