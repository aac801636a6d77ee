import type { Cache } from './cache.ts'
import type { Starter } from './fault-control.ts'

const wantedShare = 0.94
const prefix = 'fault:memory:'
const largestValue = 1024 ** 2
const smallestValue = 64 * 1024
/** More than a demo's Redis has: filling it would take the machine's memory. */
const mostMemory = 1024 ** 3
const refillEvery = 2_000

/** Fills the cache nearly to its limit, and keeps it there while keys of the service come and go. */
export const memoryFault =
  (cache: Cache): Starter =>
  async (seconds) => {
    let stored = 0
    const fill = async () => {
      while (true) {
        const { used, max } = await cache.memory()
        assertFillable(max)
        const missing = max * wantedShare - used
        if (missing <= 0) return
        const size = Math.min(largestValue, Math.max(smallestValue, Math.floor(missing / 2)))
        stored += 1
        // They expire by themselves, should this process not live to remove them.
        await cache.set(`${prefix}${stored}`, Buffer.alloc(size), seconds)
      }
    }
    const clear = () => cache.removeAll(prefix)
    try {
      await fill()
    } catch (cause) {
      await clear().catch(() => undefined)
      throw cause
    }
    let refilling: Promise<void> | undefined
    const timer = setInterval(() => {
      refilling ??= fill()
        .catch(() => undefined)
        .finally(() => {
          refilling = undefined
        })
    }, refillEvery)
    timer.unref()
    return async () => {
      clearInterval(timer)
      await refilling
      await clear()
    }
  }

const assertFillable = (max: number) => {
  if (max === 0) throw new Error('Redis has no maxmemory, so it has no limit to be near: run CONFIG SET maxmemory 64mb')
  if (max > mostMemory) throw new Error(`Redis may use ${max} bytes: the demo fills at most ${mostMemory}`)
}
