import type { CacheCleanup, Ceilings } from '../../config/cleanup.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { cleanupLeft, cleanupRemoved } from '../../exporters/jobs/cleanup.ts'
import { openRedisSession } from '../../exporters/redis/session.ts'
import type { TlsFiles } from '../../exporters/redis/source.ts'
import { Refused, type Run } from '../job.ts'
import { type CacheKnown, readCache, removeExpired, removeSessions } from './cache.ts'
import { type Permitted, permitted } from './ceilings.ts'
import { applicationName } from './database.ts'
import type { Part } from './part.ts'

interface Options {
  readonly url: string
  readonly tls: TlsFiles
  readonly setting: CacheCleanup
  readonly ceilings: Ceilings
  readonly signal: AbortSignal
}

/** @throws Refused where Redis is not to be reached, or does not let us */
export const cachePart = async (options: Options): Promise<Part> => {
  const { setting, ceilings, signal } = options
  const known = await looked(options)
  const expired = permitted(ceilings, 'expired_keys', known.expired)
  const sessions = permitted(ceilings, 'sessions', known.sessions)
  const lasting = `sessions without an end (${setting.sessions}*)`
  const unused = setting.idleDays === 0 ? '' : ` that nobody used for ${setting.idleDays} days`
  return {
    steps: [
      ...(expired.due > 0 && !expired.over ? [`remove ${expired.due} keys ${setting.expired}* from Redis`] : []),
      ...(sessions.due > 0 && !sessions.over ? [`remove ${sessions.due} ${lasting} from Redis${unused}`] : []),
      ...(known.young > 0 ? [`leave ${known.young} ${lasting}: ${whyLeft(known, setting)}`] : []),
    ],
    kinds: [expired, sessions],
    run: (run) => clean({ ...options, signal }, { known, expired, sessions }, run),
  }
}

const whyLeft = ({ tellsIdle }: CacheKnown, { idleDays }: CacheCleanup) =>
  tellsIdle
    ? `they were used within ${idleDays} days`
    : 'with an LFU policy the server does not know when they were used; `idleDays: 0` in config/cleanup.ts removes them all'

const opened = ({ url, tls, signal }: Options) =>
  openRedisSession({ url, tls, connectionName: applicationName, signal })

const looked = async (options: Options): Promise<CacheKnown> => {
  const { setting, signal } = options
  try {
    const session = await opened(options)
    try {
      return await readCache(session, { setting, signal })
    } finally {
      session.close()
    }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof Refused) throw cause
    throw new Refused([`could not ask the server of JOBS_REDIS_URL: ${wordsOf(cause)}`], { cause })
  }
}

interface Found {
  readonly known: CacheKnown
  readonly expired: Permitted
  readonly sessions: Permitted
}

const clean = async (options: Options, { known, expired, sessions }: Found, run: Run): Promise<readonly string[]> => {
  const { setting } = options
  const { signal } = run
  const session = await opened({ ...options, signal })
  const work = { setting, signal, progress: run.progress }
  try {
    run.step('removing keys from Redis')
    const removed = { expired: 0, sessions: 0 }
    try {
      if (!expired.over) await removeExpired(session, expired.most, work, (count) => (removed.expired += count))
      if (!sessions.over) await removeSessions(session, sessions.most, work, (count) => (removed.sessions += count))
    } finally {
      run.measured(
        cleanupRemoved.sample(removed.expired, { what: 'expired_keys' }),
        cleanupRemoved.sample(removed.sessions, { what: 'sessions' }),
      )
    }
    const now = await readCache(session, work)
    if (!expired.over) run.measured(cleanupLeft.sample(now.expired, { what: 'expired_keys' }))
    if (!sessions.over) run.measured(cleanupLeft.sample(now.sessions + now.young, { what: 'sessions' }))
    const young = now.young > 0 ? ` (${now.young} are left: ${whyLeft(known, setting)})` : ''
    return [`${removed.expired} expired keys removed`, `${removed.sessions} sessions removed${young}`]
  } finally {
    session.close()
  }
}
