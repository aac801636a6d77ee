import type { Env } from '../../config/env.ts'
import { openRedisSession, type RedisSession } from '../../exporters/redis/session.ts'

/** A server of Redis, and the login with which it is asked. */
export interface RedisServer {
  readonly url: string
  readonly tls: { readonly ca: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }
}

export const redisOf = (env: Env): RedisServer | undefined => {
  const url = env.JOBS_REDIS_URL ?? env.REDIS_URL
  if (url === undefined) return undefined
  return { url, tls: { ca: env.REDIS_TLS_CA, cert: env.REDIS_TLS_CERT, key: env.REDIS_TLS_KEY } }
}

/** Milliseconds that an answer may take: all that is asked is small, and a server that hangs is not to take the audit's minutes. */
const answerWithin = 10_000

/** Does something with a session, which is closed behind it. */
export const withRedis = async <T>(
  { url, tls }: RedisServer,
  signal: AbortSignal,
  work: (session: RedisSession) => Promise<T>,
): Promise<T> => {
  const session = await openRedisSession({ url, tls, connectionName: 'techplus-security-audit', answerWithin, signal })
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

/** The texts of a list, whatever else stands in it. */
export const textsOf = (reply: unknown): readonly string[] =>
  Array.isArray(reply)
    ? reply.flatMap((one: unknown) => (Buffer.isBuffer(one) || typeof one === 'string' ? [String(one)] : []))
    : []
