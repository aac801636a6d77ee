import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { readEnv } from '../../config/env.ts'
import { type SecuritySettings, security } from '../../config/security.ts'
import { passwords } from '../../jobs/security-audit/passwords.ts'
import { postgresRoles } from '../../jobs/security-audit/postgres-roles.ts'
import { redisAcl } from '../../jobs/security-audit/redis-acl.ts'
import { mayRun, readUser } from '../../jobs/security-audit/redis-rules.ts'
import { redisOf } from '../../jobs/security-audit/redis-session.ts'
import { see, valuesOf, whatOf } from './security-stand.ts'
import { type CacheFlavour, cacheFlavours, eventually, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())

/** Nothing of the machine: the servers alone. */
const settings: SecuritySettings = { ...security, passwords: { ...security.passwords, files: [] } }
const SECRETS_DIR = join(shop.folder, 'no-secrets')
const strong = 'k39dkqlw-2d03kdlq'
const changed = (text: string, change: (url: URL) => void) => {
  const url = new URL(text)
  change(url)
  return url.href
}
const loginOf = (url: string, user: string, password: string) =>
  changed(url, (other) => {
    other.username = user
    other.password = password
  })

describe('PostgreSQL', () => {
  let server: Server
  let admin: Client
  const asks = async (...statements: readonly string[]) => {
    for (const one of statements) await admin.query(one)
  }
  const passwordsOf = (url: string, more: Partial<SecuritySettings> = {}) =>
    see(passwords({ env: readEnv({ SECRETS_DIR }), databaseUrl: url, settings: { ...settings, ...more } }))
  const rolesOf = (url: string, more: SecuritySettings['postgres'] = security.postgres) =>
    see(postgresRoles({ url, settings: more }))
  /** With rules before those that are there, until they are taken away. */
  const withRules = async <T>(rules: readonly string[], work: () => Promise<T>) => {
    const { rows } = await admin.query('show hba_file')
    const file: string = rows[0].hba_file
    const before = readFileSync(file, 'utf8')
    const reload = async (text: string) => {
      writeFileSync(file, text)
      await admin.query('select pg_reload_conf()')
      const lines = text.split('\n').filter((line) => /^(host|local)/.test(line)).length
      const counted = () =>
        admin.query('select count(*)::int from pg_hba_file_rules').then((found) => found.rows[0].count)
      await eventually(counted, (count) => count === lines)
    }
    try {
      await reload([...rules, before].join('\n'))
      return await work()
    } finally {
      await reload(before)
    }
  }

  beforeAll(async () => {
    server = await shop.postgres()
    admin = new Client(server.url)
    await admin.connect()
    await asks(
      `create role api login password '${strong}'`,
      `create role monitor login password '${strong}' in role pg_monitor`,
    )
  })
  afterAll(() => admin.end())

  test('as it should be has no findings', async () => {
    expect(await passwordsOf(server.url)).toMatchObject({ findings: [], failures: [] })
    expect(await rolesOf(server.url)).toMatchObject({ findings: [], failures: [] })
  })

  test('keeps passwords that everybody tries, and logins without one: found without trying them', async () => {
    await asks(
      `create role weak login password 'changeme'`,
      `create role same login password 'same'`,
      'create role nobody login',
      'create role group_only',
      `set password_encryption = 'md5'`,
      `create role old login password 'letmein'`,
      'reset password_encryption',
    )
    try {
      const seen = await passwordsOf(server.url)
      expect(whatOf(seen)).toEqual([
        'the login nobody of PostgreSQL has no password',
        'the login old of PostgreSQL has a password that everybody tries first',
        'the login same of PostgreSQL has a password that everybody tries first',
        'the login weak of PostgreSQL has a password that everybody tries first',
      ])
      expect(valuesOf(seen)).toEqual({ security_weak_passwords: 4 })
      expect(JSON.stringify(seen)).not.toMatch(/changeme|letmein/)
      const roles = { ...security.postgres.roles, nobody: { withoutPassword: true, reason: 'peer' } } as const
      expect(whatOf(await passwordsOf(server.url, { postgres: { roles } }))).toHaveLength(3)
      expect(whatOf(await rolesOf(server.url))).toEqual([expect.stringContaining('keeps the password of old as md5')])
    } finally {
      await asks('drop role weak, same, nobody, group_only, old')
    }
  })

  test('is tried where its passwords cannot be read, and few times', async () => {
    const monitor = loginOf(server.url, 'monitor', strong)
    expect(await passwordsOf(monitor)).toMatchObject({ findings: [], failures: [] })
    await asks(
      `create role techplus login password 'techplus'`,
      'revoke connect on database postgres from public',
      'grant connect on database postgres to monitor',
    )
    try {
      // It may not enter the database, and its password is right all the same.
      expect(whatOf(await passwordsOf(monitor))).toEqual([
        'the login techplus of PostgreSQL has a password that everybody tries first',
      ])
      expect(security.passwords.postgres.length + 1).toBeLessThan(5)
    } finally {
      await asks(
        'grant connect on database postgres to public',
        'revoke connect on database postgres from monitor',
        'drop role techplus',
      )
    }
  })

  test('lets in anybody where pg_hba.conf trusts', async () => {
    await withRules(['host all monitor 127.0.0.1/32 trust', 'host all api 127.0.0.1/32 password'], async () => {
      const words = 'PostgreSQL lets in whoever comes from here, whatever the password'
      expect(whatOf(await passwordsOf(loginOf(server.url, 'monitor', strong)))).toEqual([words])
      expect(whatOf(await passwordsOf(server.url))).toEqual([])
      expect(whatOf(await rolesOf(server.url))).toEqual([
        'line 1 of pg_hba.conf (host all monitor 127.0.0.1) asks for no password',
        'line 2 of pg_hba.conf (host all api 127.0.0.1) lets passwords be sent as they are',
      ])
    })
  })

  test('has roles that may too much, by themselves or by way of others', async () => {
    await asks(
      `create role bad superuser login password '${strong}'`,
      `create role sneaky login password '${strong}' in role bad`,
      'create role maker createrole bypassrls',
      'create role copier replication',
      'grant pg_execute_server_program to api',
      'grant create on schema public to public',
    )
    try {
      const seen = await rolesOf(server.url)
      expect(whatOf(seen)).toEqual([
        'the role api of PostgreSQL has pg_execute_server_program',
        'the role bad of PostgreSQL has SUPERUSER',
        'the role copier of PostgreSQL has REPLICATION',
        'the role maker of PostgreSQL has BYPASSRLS, CREATEROLE',
        'the role sneaky of PostgreSQL has SUPERUSER by way of bad',
        'everybody may create tables and functions in the schema public, which others then run unawares',
      ])
      expect(seen.findings.map(({ remedy }) => remedy).slice(3, 5)).toEqual([
        expect.stringMatching(/^alter role maker nobypassrls; alter role maker nocreaterole\. /),
        expect.stringMatching(/^revoke bad from sneaky\. /),
      ])
      const reason = 'a test'
      const roles = {
        ...security.postgres.roles,
        bad: { powers: ['SUPERUSER'], reason },
        copier: { powers: ['REPLICATION'], reason },
        maker: { powers: ['CREATEROLE'], reason },
      } as const
      expect(whatOf(await rolesOf(server.url, { roles })).slice(0, 3)).toEqual([
        'the role api of PostgreSQL has pg_execute_server_program',
        'the role maker of PostgreSQL has BYPASSRLS',
        'the role sneaky of PostgreSQL has SUPERUSER by way of bad',
      ])
      // A login that may only watch sees the same, but for what only a superuser may read.
      const watched = await rolesOf(loginOf(server.url, 'monitor', strong))
      expect(whatOf(watched)).toEqual(whatOf(seen))
      expect(watched.notes).toEqual(expect.arrayContaining([expect.stringContaining('pg_hba.conf was not looked at')]))
    } finally {
      await asks(
        'revoke create on schema public from public',
        'revoke pg_execute_server_program from api',
        'drop role sneaky, bad, maker, copier',
      )
    }
  })

  test('that is not there could not be looked at', async () => {
    const gone = changed(server.url, (url) => {
      url.port = '1'
    })
    const seen = await passwordsOf(gone)
    expect(seen).toMatchObject({ findings: [], samples: [] })
    expect(seen.failures).toEqual([expect.stringMatching(/^PostgreSQL: .*ECONNREFUSED/)])
    await expect(rolesOf(gone)).rejects.toThrow('ECONNREFUSED')
    expect((await passwordsOf(loginOf(server.url, 'api', 'wrong'))).failures).toHaveLength(1)
  })
})

describe.each(cacheFlavours)('%s', (flavour: CacheFlavour) => {
  let server: Server
  let admin: Redis
  const asks = async (...commands: readonly string[]) => {
    for (const one of commands) {
      const [command = '', ...words] = one.split(' ')
      await admin.call(command, ...words)
    }
  }
  const envOf = (url: string) => readEnv({ SECRETS_DIR, REDIS_URL: url })
  const passwordsOf = (url: string) => see(passwords({ env: envOf(url), databaseUrl: undefined, settings }))
  const aclOf = (url: string, more: Partial<SecuritySettings['redis']> = {}) =>
    see(redisAcl({ server: redisOf(envOf(url)), settings: { ...security.redis, ...more } }))
  const users = { default: { commands: 'all', reason: 'the owner' } } as const

  beforeAll(async () => {
    server = await shop.redis({ flavour, password: strong })
    admin = new Redis(server.url)
  })
  afterAll(() => admin?.disconnect())

  test('with a password and users that may little has no findings', async () => {
    await asks(`ACL SETUSER api on >${strong} ~* +@all -@dangerous -@admin`)
    expect(await passwordsOf(server.url)).toMatchObject({ findings: [], failures: [] })
    expect(await aclOf(server.url, { users })).toMatchObject({ findings: [], failures: [] })
    await asks('ACL DELUSER api')
  })

  test('has users that may too much, or need no password', async () => {
    await asks(
      'ACL SETUSER open on nopass ~* -@all +get',
      `ACL SETUSER api on >${strong} ~* +@all -@dangerous +flushall +config|get`,
      'ACL SETUSER gone off nopass ~* +@all',
      'ACL SETUSER guest on >guest ~* +@read -@dangerous',
    )
    const seen = await aclOf(server.url)
    const [every, ...rest] = whatOf(seen).toSorted((a, b) => a.localeCompare(b))
    expect(rest).toEqual([
      'the user default of Redis may run every dangerous command',
      'the user open of Redis needs no password',
    ])
    // Redis 6 gives a subcommand no rights of its own to take away.
    expect(every).toMatch(/^the user api of Redis may run flushall(?:, .*)?$/)
    expect(whatOf(await passwordsOf(server.url))).toEqual([
      'the user guest of Redis has a password that everybody tries first',
    ])
    await asks('ACL DELUSER open api gone guest')
  })

  test('lets in anybody once its default user needs no password', async () => {
    await asks('ACL SETUSER default nopass')
    const words = 'Redis lets in whoever comes from here without a password'
    expect(whatOf(await passwordsOf(server.url))).toEqual([words])
    expect(whatOf(await aclOf(server.url, { users }))).toEqual(['the user default of Redis needs no password'])
    await asks(`ACL SETUSER default resetpass >${strong}`)
    expect(whatOf(await passwordsOf(server.url))).toEqual([])
  })

  test('is tried where its users cannot be read, and what it does not say could not be looked at', async () => {
    await asks(`ACL SETUSER monitor on >${strong} -@all +info +ping`)
    const monitor = loginOf(server.url, 'monitor', strong)
    expect(await passwordsOf(monitor)).toMatchObject({ findings: [], failures: [] })
    await asks('ACL SETUSER default >foobared')
    expect(whatOf(await passwordsOf(monitor))).toEqual([
      'the user default of Redis has a password that everybody tries first',
    ])
    await asks('ACL SETUSER default <foobared')
    await expect(aclOf(monitor)).rejects.toThrow('this login may not run ACL LIST: grant it +acl|list')
    await asks('ACL DELUSER monitor')
  })

  test.skipIf(flavour === 'redis-6')('agrees with what is said here of its rules', async () => {
    const commands = ['flushall', 'flushdb', 'keys *', 'monitor', 'shutdown', 'swapdb 0 1', 'replicaof no one']
    const rules = [
      '+@all -@dangerous',
      '+@all -@admin',
      '-@all +@keyspace',
      '+@all -keys',
      '-@all +@read +swapdb',
      '-@all (~* +keys)',
    ]
    for (const one of rules) {
      await asks(`ACL SETUSER tried reset on nopass ~* ${one}`)
      const line = String((await admin.acl('LIST')).find((user) => user.startsWith('user tried ')))
      const user = readUser(line)
      const members = new Map<string, ReadonlySet<string>>()
      for (const category of ['dangerous', 'admin', 'keyspace', 'read', 'fast', 'slow', 'write']) {
        members.set(category, new Set([await admin.acl('CAT', category)].flat().map(String)))
      }
      for (const command of commands) {
        const words = command.split(' ')
        const verdict = String(await admin.call('ACL', 'DRYRUN', 'tried', ...words))
        const may = mayRun(user, words[0] ?? '', members)
        expect(`${one}: ${command} ${may}`).toBe(`${one}: ${command} ${!verdict.includes('no permissions')}`)
      }
    }
    await asks('ACL DELUSER tried')
  })
})

describe('Redis', () => {
  test('that listens beyond loopback without its protected mode is found', async () => {
    const open = await shop.redis({ password: strong, settings: { bind: '0.0.0.0', 'protected-mode': 'no' } })
    const users = { default: { commands: 'all', reason: 'the owner' } } as const
    const look = (url: string) =>
      see(redisAcl({ server: redisOf(readEnv({ REDIS_URL: url })), settings: { ...security.redis, users } }))
    expect(whatOf(await look(open.url))).toEqual(['Redis listens on 0.0.0.0 with its protected mode off'])
    const shut = await shop.redis({ password: strong, settings: { 'protected-mode': 'no' } })
    expect(whatOf(await look(shut.url))).toEqual([])
    await shut.stop()
    await expect(look(shut.url)).rejects.toThrow('ECONNREFUSED')
  })

  test('that answers nothing any more takes seconds of the audit, and not its minutes', async () => {
    const mute = await shop.redis({ password: strong })
    const before = new Redis(mute.url)
    await before.call('CLIENT', 'PAUSE', '600000', 'ALL')
    before.disconnect()
    const look = see(redisAcl({ server: redisOf(readEnv({ REDIS_URL: mute.url })), settings: security.redis }))
    await expect(look).rejects.toThrow('Command timed out')
  }, 30_000)
})

describe('Files and variables', () => {
  test('with placeholders are found by name, and not by what they hold', async () => {
    const file = join(shop.folder, '.env')
    const secret = join(shop.folder, 'exporter-password')
    writeFileSync(file, `API_TOKEN=changeme\nGOOD_PASSWORD=${strong}\n`)
    writeFileSync(secret, 'letmein\n', { mode: 0o600 })
    const env = readEnv({
      SECRETS_DIR,
      EXPORTER_USER: 'prometheus',
      EXPORTER_PASSWORD_FILE: secret,
      DATABASE_URL: 'postgres://api:api@db/x',
    })
    const given = { ...settings, passwords: { ...settings.passwords, files: [file, join(shop.folder, 'nothing')] } }
    const seen = await see(passwords({ env, databaseUrl: undefined, settings: given }))
    expect(whatOf(seen)).toEqual([
      `API_TOKEN in ${file}: it is a default or a placeholder`,
      'the variable DATABASE_URL: it is the name of its user',
      `${secret}, of EXPORTER_PASSWORD: it is a default or a placeholder`,
    ])
    expect(seen.failures).toEqual([])
    expect(JSON.stringify(seen)).not.toMatch(/changeme|letmein/)
  })
})
