import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import type { RedisSession } from '../../exporters/redis/session.ts'
import type { Check, Finding, Planned, Seen } from './check.ts'
import { together } from './check.ts'
import { isLoopback } from './listening.ts'
import { isKnown, mayRun, type RedisUser, readUser } from './redis-rules.ts'
import { type RedisServer, textsOf, withRedis } from './redis-session.ts'

interface Options {
  readonly server: RedisServer | undefined
  readonly settings: SecuritySettings['redis']
}

/** Who may do what in Redis, and who gets at it. */
export const redisAcl = ({ server, settings }: Options): Planned => {
  if (server === undefined) return { name: 'redis_acl', leftOut: 'neither JOBS_REDIS_URL nor REDIS_URL is set' }
  const look: Check['look'] = ({ signal }) =>
    withRedis(server, signal, async (session) => together([await ofUsers(session, settings), await ofDoors(session)]))
  const { hostname } = new URL(server.url)
  return {
    name: 'redis_acl',
    subjects: [`the users of Redis on ${hostname} and their rights, and where it listens`],
    look,
  }
}

const ofUsers = async (session: RedisSession, settings: SecuritySettings['redis']): Promise<Seen> => {
  const users = textsOf(await asked(session, '+acl|list', 'ACL', 'LIST')).map(readUser)
  const on = users.filter((one) => one.on)
  const members = new Map<string, ReadonlySet<string>>()
  for (const category of textsOf(await asked(session, '+acl|cat', 'ACL', 'CAT'))) {
    const commands = textsOf(await asked(session, '+acl|cat', 'ACL', 'CAT', category))
    members.set(category, new Set(commands.map((one) => one.toLowerCase())))
  }
  // Others are no danger to a server that does not have them.
  const known = settings.dangerous.filter((command) => isKnown(command, members))
  return {
    findings: on.flatMap((user) => faultsOf(user, { ...settings, dangerous: known }, members)),
    failures: [],
    notes: [`Redis: ${users.length} users, ${on.length} of them on`],
    samples: [],
  }
}

const faultsOf = (
  user: RedisUser,
  { users, dangerous }: SecuritySettings['redis'],
  members: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Finding[] => {
  const { name, nopass } = user
  const allowed = users[name]?.commands ?? []
  const may = dangerous.filter((command) => mayRun(user, command, members))
  const over = allowed === 'all' ? [] : may.filter((command) => !allowed.includes(command))
  const all = may.length === dangerous.length
  return [
    ...(nopass
      ? [{ what: `the user ${name} of Redis needs no password`, remedy: `ACL SETUSER ${name} resetpass >..., or off` }]
      : []),
    ...(over.length === 0
      ? []
      : [
          {
            what: `the user ${name} of Redis may run ${all ? 'every dangerous command' : over.join(', ')}`,
            remedy:
              name === 'default'
                ? 'give each program a user of its own, and switch this one off (ACL SETUSER default off)'
                : `ACL SETUSER ${name} ${over.map((command) => `-${command}`).join(' ')}. Or allow it in config/security.ts with the reason`,
          },
        ]),
  ]
}

const ofDoors = async (session: RedisSession): Promise<Seen> => {
  const settings = new Map<string, string>()
  for (const name of ['bind', 'protected-mode']) {
    try {
      const [key, value] = textsOf(await session.ask('CONFIG', 'GET', name))
      if (key !== undefined) settings.set(key, value ?? '')
    } catch (cause) {
      const why = /^NOPERM/.test(wordsOf(cause)) ? 'grant +config|get' : wordsOf(cause)
      return { findings: [], failures: [], notes: [`where Redis listens was not looked at: ${why}`], samples: [] }
    }
  }
  // `-` before an address lets the server start without it, `*` and nothing mean all.
  const addresses = (settings.get('bind') ?? '')
    .split(/\s+/)
    .filter(Boolean)
    .map((one) => one.replace(/^-/, ''))
  const beyond = addresses.length === 0 ? ['every address'] : addresses.filter((one) => !isLoopback(one))
  if (settings.get('protected-mode') !== 'no' || beyond.length === 0) {
    return {
      findings: [],
      failures: [],
      notes: [`Redis listens on ${addresses.join(', ') || 'every address'}`],
      samples: [],
    }
  }
  const what = `Redis listens on ${beyond.join(', ')} with its protected mode off`
  return {
    findings: [{ what, remedy: 'bind it to 127.0.0.1, or set protected-mode yes' }],
    failures: [],
    notes: [],
    samples: [],
  }
}

const asked = async ({ ask }: RedisSession, rule: string, command: string, ...parameters: readonly string[]) => {
  try {
    return await ask(command, ...parameters)
  } catch (cause) {
    if (!/^NOPERM/.test(wordsOf(cause))) throw cause
    throw new Error(`this login may not run ${command} ${parameters[0]}: grant it ${rule}`, { cause })
  }
}
