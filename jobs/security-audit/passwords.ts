import { resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { weakPasswords } from '../../exporters/jobs/security.ts'
import { type Check, counted, type Look, type Seen, together } from './check.ts'
import { weakness } from './placeholder.ts'
import { postgresPasswords } from './postgres-passwords.ts'
import { redisPasswords } from './redis-passwords.ts'
import { redisOf } from './redis-session.ts'
import { secretsOfFiles } from './secrets.ts'

interface Options {
  readonly env: Env
  readonly databaseUrl: string | undefined
  readonly settings: SecuritySettings
}

interface Place {
  readonly name: string
  readonly subject: string
  look(look: Look): Promise<Seen>
}

/** Passwords that are empty, a default or a placeholder, of the servers and of what the programs are given. */
export const passwords = ({ env, databaseUrl, settings }: Options): Check => {
  const places = [...ofServers({ env, databaseUrl, settings }), ofFiles(env, settings)]
  const look: Check['look'] = async (given) => {
    const all: Seen[] = []
    for (const place of places) {
      try {
        all.push(await place.look(given))
      } catch (cause) {
        given.signal.throwIfAborted()
        all.push({ findings: [], failures: [`${place.name}: ${wordsOf(cause)}`], notes: [], samples: [] })
      }
      given.progress()
    }
    const { findings, failures, notes } = together(all)
    return { findings, failures, notes, samples: counted(weakPasswords, findings.length, failures) }
  }
  return { name: 'passwords', subjects: places.map(({ subject }) => subject), look }
}

const ofServers = ({ env, databaseUrl, settings }: Options): readonly Place[] => {
  const redis = redisOf(env)
  const { passwords, postgres } = settings
  const triedOn = (logins: SecuritySettings['passwords']['postgres']) =>
    `where they cannot be read it tries ${logins.length} well-known logins, one after the other: ${logins.map(({ user }) => user).join(', ')}`
  return [
    ...(databaseUrl === undefined
      ? []
      : [
          {
            name: 'PostgreSQL',
            subject: `the passwords of PostgreSQL: one login with a password that nobody has; ${triedOn(passwords.postgres)}`,
            look: (look: Look) => postgresPasswords({ url: databaseUrl, passwords, roles: postgres.roles }, look),
          },
        ]),
    ...(redis === undefined
      ? []
      : [
          {
            name: 'Redis',
            subject: `the passwords of Redis: one login without any; ${triedOn(passwords.redis)}`,
            look: (look: Look) => redisPasswords(redis, passwords, look),
          },
        ]),
  ]
}

const ofFiles = (env: Env, { passwords: { files, wellKnown } }: SecuritySettings): Place => {
  const all = [
    ...files.map((one) => resolve(one)),
    `the secrets in ${resolve(env.SECRETS_DIR)}`,
    'the variables it is given',
  ]
  return {
    name: 'files and variables',
    subject: `placeholders in ${all.join(', ')}`,
    look: () => secretsOfFiles({ env, files, weak: weakness(wellKnown) }),
  }
}
