import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import type { RedisSession } from '../../exporters/redis/session.ts'
import type { Finding, Look, Seen } from './check.ts'
import { hasPassword, readUser } from './redis-rules.ts'
import { type RedisServer, textsOf, withRedis } from './redis-session.ts'

/**
 * Logins of Redis with a password that everybody tries first, or with none. Where this login may read the users, nothing is
 * tried but to come in without a password; otherwise a few are, one after the other.
 */
export const redisPasswords = async (
  server: RedisServer,
  passwords: SecuritySettings['passwords'],
  { signal }: Look,
): Promise<Seen> => {
  const open = await withRedis(withoutLogin(server), signal, isLetIn)
  const users = await withRedis(server, signal, usersIn)
  const weak = users
    ? users.filter((user) => user.on && hasPassword(user, passwords.wellKnown)).map(({ name }) => name)
    : open
      ? []
      : await withRedis(withoutLogin(server), signal, (session) => tried(session, passwords.redis))
  const how = users
    ? `${users.length} users, by the digests of their passwords`
    : `${passwords.redis.length} logins, by trying`
  return {
    findings: [...(open ? [anybody] : []), ...[...new Set(weak)].map(weakUser)],
    failures: [],
    notes: [`Redis: ${how}`],
    samples: [],
  }
}

const anybody: Finding = {
  what: 'Redis lets in whoever comes from here without a password',
  remedy:
    'set requirepass, or take nopass from the user default (ACL SETUSER default resetpass >...), and write it to the file',
}

const weakUser = (name: string): Finding => ({
  what: `the user ${name} of Redis has a password that everybody tries first`,
  remedy: `change it (ACL SETUSER ${name} resetpass >...), and where it is used`,
})

const withoutLogin = ({ url, tls }: RedisServer): RedisServer => {
  const other = new URL(url)
  other.username = ''
  other.password = ''
  return { url: other.href, tls }
}

/** NOPERM is said to whoever is in. */
const refusals = /^(?:NOAUTH|WRONGPASS|ERR invalid password|-?DENIED)/

const isLetIn = async ({ ask }: RedisSession) => {
  try {
    await ask('PING')
    return true
  } catch (cause) {
    if (refusals.test(wordsOf(cause))) return false
    if (/^NOPERM/.test(wordsOf(cause))) return true
    throw cause
  }
}

/** Undefined where this login may not read them, or the server has none: before 6, and where a provider takes it away. */
const usersIn = async ({ ask }: RedisSession) => {
  try {
    return textsOf(await ask('ACL', 'LIST')).map(readUser)
  } catch (cause) {
    if (/^(?:NOPERM|ERR unknown (?:sub)?command)/i.test(wordsOf(cause))) return undefined
    throw cause
  }
}

const tried = async ({ ask }: RedisSession, logins: SecuritySettings['passwords']['redis']) => {
  const found: string[] = []
  for (const { user, password } of logins) {
    try {
      // With the name it would be no command of servers before 6.
      await ask('AUTH', ...(user === 'default' ? [password] : [user, password]))
      found.push(user)
    } catch (cause) {
      if (!refusals.test(wordsOf(cause))) throw cause
    }
  }
  return found
}
