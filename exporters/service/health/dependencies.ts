import type { Secret } from '../../secret.ts'
import type { Ask } from './checks.ts'

/** A Pool or a Client of pg. With another client the check is a function of one line. */
interface Postgres {
  query(statement: string): Promise<unknown>
}

/** Takes a connection as a request does, and so also fails where no request would get one. */
export const pingPostgres =
  (pool: Postgres): Ask =>
  () =>
    pool.query('select 1')

/** A client of ioredis or of node-redis. */
interface Redis {
  ping(): Promise<unknown>
}

export const pingRedis =
  (client: Redis): Ask =>
  () =>
    client.ping()

interface AnswersOkOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as bearer token; asked for at each run. */
  readonly secret?: Secret
}

/** Bytes of an answer that are read, so that the connection can be used again; one with more is cut off. */
const mostBytes = 65_536

/**
 * Whether a GET is answered with a 2xx. A redirect is none, and not followed: it may lead elsewhere, and the secret with it.
 * @throws Error for a URL that cannot be asked
 */
export const answersOk = (url: string, { headers = {}, secret }: AnswersOkOptions = {}): Ask => {
  const { href, words } = asked(url)
  return async (signal) => {
    const request = { headers: headersOf(words, headers, secret), redirect: 'manual', signal } as const
    const { ok, status, body } = await fetch(href, request)
    let read = 0
    for await (const chunk of body ?? []) {
      read += chunk.length
      if (read > mostBytes) break
    }
    if (!ok) throw new Error(`${words} answered ${status}`)
  }
}

const asked = (url: string) => {
  if (!URL.canParse(url)) throw new Error('could not use the URL of a health check: write https://host/path')
  const { href, origin, pathname, username, password } = new URL(url)
  if (username || password)
    throw new Error(`${origin}: write no password into the URL of a health check, give \`secret\``)
  return { href, words: `${origin}${pathname}` }
}

/** What Headers says of a bad value repeats it. */
const headersOf = (words: string, given: Readonly<Record<string, string>>, secret: Secret | undefined) => {
  try {
    return new Headers(secret ? { ...given, authorization: `Bearer ${secret()}` } : given)
  } catch {
    throw new Error(
      `${words}: a header or the secret of its health check holds what no header may, such as a line break`,
    )
  }
}
