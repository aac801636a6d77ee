import type { CacheCleanup } from '../../config/cleanup.ts'
import { wordsOf } from '../../exporters/failure.ts'
import type { RedisSession } from '../../exporters/redis/session.ts'
import { parseInfo } from '../../exporters/redis/source.ts'
import { Refused } from '../job.ts'
import { keysOf, type Rate, rateOf } from './keys.ts'

/** What is known of Redis before anything is removed. */
export interface CacheKnown {
  /** Keys that were put aside. */
  readonly expired: number
  /** Sessions that would never end: those that may go, and those that stay, as they were used lately or nobody can tell. */
  readonly sessions: number
  readonly young: number
  /** Whether the server knows how long nobody used a key: not where it evicts by how often they are used. */
  readonly tellsIdle: boolean
}

interface Options {
  readonly setting: CacheCleanup
  readonly signal: AbortSignal
  /** Called as it gets on. */
  readonly progress?: () => void
}

/**
 * Looks at Redis, and at every key of its database that begins so.
 * @throws Refused where keys may not be removed there
 */
export const readCache = async (session: RedisSession, options: Options): Promise<CacheKnown> => {
  const { setting } = options
  const tellsIdle = await identified(session, setting)
  const rate = rateOf(setting.lookedAtPerSecond, options.signal)
  let expired = 0
  for await (const keys of keysOf(session, setting.expired, rate)) {
    options.progress?.()
    expired += keys.length
  }
  const found = { sessions: 0, young: 0 }
  for await (const keys of keysOf(session, setting.sessions, rate)) {
    options.progress?.()
    const { due, young } = await endless(session, keys, setting)
    found.sessions += due.length
    found.young += young
  }
  return { expired, ...found, tellsIdle }
}

/** Which of these keys would never end and may go, and how many of them stay. */
const endless = async (session: RedisSession, keys: readonly Buffer[], { idleDays }: CacheCleanup) => {
  const lives = await Promise.all(keys.map((key) => session.ask('TTL', key)))
  // -2 is a key that went meanwhile.
  const forever = keys.filter((_key, at) => lives[at] === -1)
  if (idleDays === 0) return { due: forever, young: 0 }
  const idle = await Promise.all(forever.map((key) => idleOf(session, key)))
  const due = forever.filter((_key, at) => (idle[at] ?? 0) >= idleDays * 86_400)
  return { due, young: forever.length - due.length }
}

/** Seconds since anybody used it; undefined where the server does not keep that, or the key is gone. */
const idleOf = async (session: RedisSession, key: Buffer) => {
  try {
    const idle = await session.ask('OBJECT', 'IDLETIME', key)
    return typeof idle === 'number' ? idle : undefined
  } catch (cause) {
    if (/LFU/.test(wordsOf(cause))) return undefined
    throw cause
  }
}

/** Told of every few keys that went. */
type Count = (removed: number) => void

/** Removes keys that were put aside, `most` of them at most. */
export const removeExpired = (session: RedisSession, most: number, options: Options, count: Count): Promise<void> =>
  removeAll(session, { prefix: options.setting.expired, most, options, count }, async (keys) =>
    Number(await session.ask('UNLINK', ...keys)),
  )

/**
 * Removes sessions that would never end, `most` of them at most. Whoever changes one of them in the same moment keeps it.
 */
export const removeSessions = (session: RedisSession, most: number, options: Options, count: Count): Promise<void> =>
  removeAll(session, { prefix: options.setting.sessions, most, options, count }, (keys) =>
    removeWatched(session, keys, options.setting),
  )

interface Removal {
  readonly prefix: string
  readonly most: number
  readonly options: Options
  readonly count: Count
}

const removeAll = async (
  session: RedisSession,
  { prefix, most, options, count }: Removal,
  remove: (keys: readonly Buffer[]) => Promise<number>,
) => {
  const rates = ratesOf(options)
  let removed = 0
  for await (const keys of keysOf(session, prefix, rates.look)) {
    for (let at = 0; at < keys.length; ) {
      const next = keys.slice(at, at + Math.min(atOnce, most - removed))
      if (next.length === 0) return
      at += next.length
      const gone = await remove(next)
      removed += gone
      count(gone)
      options.progress?.()
      await rates.remove.spend(gone)
    }
  }
}

/** Keys of one command: the server does nothing else meanwhile. */
const atOnce = 100

const ratesOf = ({ setting, signal }: Options): { readonly look: Rate; readonly remove: Rate } => ({
  look: rateOf(setting.lookedAtPerSecond, signal),
  remove: rateOf(setting.removedPerSecond, signal),
})

/** Nothing goes where one of the keys was written between the look and the removal: then they are tried one by one. */
const removeWatched = async (
  session: RedisSession,
  keys: readonly Buffer[],
  setting: CacheCleanup,
): Promise<number> => {
  await session.ask('WATCH', ...keys)
  const { due } = await endless(session, keys, setting)
  if (due.length === 0) {
    await session.ask('UNWATCH')
    return 0
  }
  const [, , done] = await Promise.all([session.ask('MULTI'), session.ask('UNLINK', ...due), session.ask('EXEC')])
  if (Array.isArray(done)) return Number(done[0])
  if (keys.length === 1) return 0
  let removed = 0
  for (const key of due) removed += await removeWatched(session, [key], setting)
  return removed
}

/** A key that nobody has: to remove it changes nothing, and says whether it would be allowed. */
const nobodys = 'techplus-cleanup-asks-whether-it-may'

/** @returns whether the server tells how long nobody used a key */
const identified = async (session: RedisSession, setting: CacheCleanup): Promise<boolean> => {
  const info = parseInfo(String(await session.ask('INFO')))
  if (info.get('cluster_enabled') === '1') {
    const words = 'the server of JOBS_REDIS_URL is a node of a cluster, and has only a part of the keys'
    throw new Refused([`${words}: leave \`cache\` out of config/cleanup.ts, and give every key there an end (EXPIRE)`])
  }
  if (info.get('role') !== 'master') {
    throw new Refused(['the server of JOBS_REDIS_URL is a replica, where nothing can be removed: name its master'])
  }
  const keys = [`${setting.expired}${nobodys}`, `${setting.sessions}${nobodys}`] as const
  const questions: readonly (readonly [string, ...string[]])[] = [
    ['SCAN', '0', 'MATCH', keys[0], 'COUNT', '1'],
    ['UNLINK', keys[0]],
    ['UNLINK', keys[1]],
    ['TTL', keys[1]],
    ['OBJECT', 'IDLETIME', keys[1]],
    ['WATCH', keys[1]],
    ['UNWATCH'],
    ['MULTI'],
    ['DISCARD'],
  ]
  const faults: string[] = []
  for (const [command, ...parameters] of questions) {
    try {
      await session.ask(command, ...parameters)
    } catch (cause) {
      const words = wordsOf(cause)
      if (/LFU/.test(words)) continue
      faults.push(
        /^NOPERM/.test(words)
          ? `the login of JOBS_REDIS_URL may not run ${command} on ${setting.expired}* and ${setting.sessions}*: grant ~${setting.expired}* ~${setting.sessions}* +@read +unlink +@transaction +info with ACL SETUSER`
          : `could not ask ${command} of the server of JOBS_REDIS_URL: ${words}`,
      )
      if (command === 'MULTI') break
    }
  }
  if (faults.length > 0) throw new Refused([...new Set(faults)])
  return !/lfu/.test(info.get('maxmemory_policy') ?? '')
}
