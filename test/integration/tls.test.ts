import { once } from 'node:events'
import { chownSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { postgres } from '../../exporters/postgres/source.ts'
import { redis, type TlsFiles } from '../../exporters/redis/source.ts'
import { type Authority, authority } from './certificates.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())

const ours: Authority = authority(join(shop.folder, 'ours'), 'our authority')
const theirs: Authority = authority(join(shop.folder, 'theirs'), 'their authority')
/** Not for 127.0.0.1, which is the wrong host. */
const serving = ours.issue('server', ['localhost'])
const monitor = ours.issue('monitor')
const stranger = theirs.issue('stranger')

const account = {
  spent: () => undefined,
  failed: (_part: string, cause: unknown) => {
    throw cause
  },
}
const soon = () => AbortSignal.timeout(10_000)
const changed = (text: string, change: (url: URL) => void) => {
  const url = new URL(text)
  change(url)
  return url.href
}

/** A cluster's owner alone may read its key, and only a running server says where its files are. */
const encrypt = async (admin: Client) => {
  const { rows } = await admin.query('show data_directory')
  const folder: string = rows[0].data_directory
  const { uid, gid } = statSync(folder)
  const take = (from: string, name: string) => {
    copyFileSync(from, join(folder, name))
    chownSync(join(folder, name), uid, gid)
  }
  take(serving.certFile, 'server.crt')
  take(serving.keyFile, 'server.key')
  take(ours.certFile, 'clients.crt')
  const hba = join(folder, 'pg_hba.conf')
  const rules = [
    'hostnossl all encrypted all reject',
    'hostssl all certified all scram-sha-256 clientcert=verify-ca',
    readFileSync(hba, 'utf8'),
  ]
  writeFileSync(hba, rules.join('\n'))
  await admin.query(`alter system set ssl_ca_file = 'clients.crt'`)
  await admin.query('alter system set ssl = on')
  await admin.query('select pg_reload_conf()')
  await eventually(
    async () => (await admin.query('show ssl')).rows[0].ssl,
    (ssl) => ssl === 'on',
  )
}

const password = 'sekret-of-the-login'
const cachePassword = 'sekret-of-the-cache'

describe('TLS to PostgreSQL', () => {
  let server: Server
  let admin: Client
  const urlOf = (login: string, host: string, parameters: Readonly<Record<string, string>>) =>
    changed(server.url, (url) => {
      url.hostname = host
      url.username = login
      url.password = password
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    })
  const isEncrypted = async (url: string) => {
    const source = postgres(url)
    try {
      await source.ready(soon(), 10_000)
      const rows = source
        .reader(account)
        .rows<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
      return (await rows)[0]?.ssl
    } finally {
      await source.close()
    }
  }

  beforeAll(async () => {
    server = await shop.postgres()
    admin = new Client(server.url)
    await admin.connect()
    for (const login of ['plain', 'encrypted', 'certified']) {
      await admin.query(`create role ${login} login password '${password}' in role pg_monitor`)
    }
  })
  afterAll(() => admin?.end())

  test('a server without it is refused by who asks for it', async () => {
    await expect(isEncrypted(urlOf('plain', 'localhost', { sslmode: 'require' }))).rejects.toThrow(
      'The server does not support SSL connections',
    )
  })

  describe('with a certificate for localhost', () => {
    beforeAll(() => encrypt(admin))
    const [root, foreign] = [{ sslrootcert: ours.certFile }, { sslrootcert: theirs.certFile }]

    test.each<[login: string, host: string, parameters: Readonly<Record<string, string>>, encrypted: boolean]>([
      ['plain', '127.0.0.1', {}, false],
      ['plain', '127.0.0.1', { sslmode: 'disable' }, false],
      ['encrypted', '127.0.0.1', { sslmode: 'require' }, true],
      ['encrypted', '127.0.0.1', { sslmode: 'no-verify' }, true],
      ['encrypted', '127.0.0.1', { sslmode: 'require', ...root }, true],
      ['encrypted', '127.0.0.1', { sslmode: 'verify-ca', ...root }, true],
      ['encrypted', 'localhost', { sslmode: 'verify-full', ...root }, true],
      ['encrypted', 'localhost', root, true],
      [
        'certified',
        'localhost',
        { sslmode: 'verify-full', ...root, sslcert: monitor.certFile, sslkey: monitor.keyFile },
        true,
      ],
    ])('%s at %s with %o is let in', async (login, host, parameters, encrypted) => {
      expect(await isEncrypted(urlOf(login, host, parameters))).toBe(encrypted)
    })

    test.each<[login: string, host: string, parameters: Readonly<Record<string, string>>, words: RegExp]>([
      ['encrypted', 'localhost', {}, /pg_hba\.conf rejects connection.*no encryption/],
      ['encrypted', 'localhost', { sslmode: 'verify-full' }, /no known authority signed.*sslrootcert in its URL/],
      ['encrypted', 'localhost', { sslmode: 'verify-full', ...foreign }, /no known authority signed.*sslrootcert/],
      ['encrypted', 'localhost', { sslmode: 'verify-ca', ...foreign }, /no known authority signed.*sslrootcert/],
      ['encrypted', 'localhost', { sslmode: 'require', ...foreign }, /no known authority signed.*sslrootcert/],
      ['encrypted', '127.0.0.1', { sslmode: 'verify-full', ...root }, /certificate is for another host.*127\.0\.0\.1/],
      ['encrypted', '127.0.0.1', { sslmode: 'verify_full', ...root }, /certificate is for another host/],
      ['encrypted', 'localhost', { sslmode: 'verify-full', sslrootcert: '/nowhere.pem' }, /ENOENT.*\/nowhere\.pem/],
      ['encrypted', 'localhost', { sslmode: 'verify-ca' }, /sslrootcert/],
      ['certified', 'localhost', { sslmode: 'verify-full', ...root }, /valid client certificate/],
      [
        'certified',
        'localhost',
        { sslmode: 'verify-full', ...root, sslcert: stranger.certFile, sslkey: stranger.keyFile },
        /the server does not trust us.*sslcert and sslkey/,
      ],
    ])('%s at %s with %o is not, and the error says why', async (login, host, parameters, words) => {
      const refused = await isEncrypted(urlOf(login, host, parameters)).catch((error: Error) => error)
      expect(refused).toBeInstanceOf(Error)
      expect(String(refused)).toMatch(words)
      expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain(password)
    })
  })
})

describe.each(['redis-server', 'valkey-8'] as const)('TLS to %s', (flavour) => {
  const expired = ours.issue('expired', ['localhost'], -1)
  const begin = async (clients: 'yes' | 'no', { certFile, keyFile } = serving) => {
    const port = await freePort()
    await shop.redis({
      ...(flavour === 'valkey-8' && { flavour }),
      password: cachePassword,
      settings: {
        'tls-port': String(port),
        'tls-cert-file': certFile,
        'tls-key-file': keyFile,
        'tls-ca-cert-file': ours.certFile,
        'tls-auth-clients': clients,
      },
    })
    return { port }
  }
  let open: Awaited<ReturnType<typeof begin>>
  let shut: Awaited<ReturnType<typeof begin>>
  let old: Awaited<ReturnType<typeof begin>>
  const clear = { port: 0, server: createServer((socket) => socket.on('error', () => undefined).write('-ERR no\r\n')) }
  afterAll(() => void clear.server.close())
  beforeAll(async () => {
    clear.port = await freePort()
    await once(clear.server.listen(clear.port, '127.0.0.1'), 'listening')
    open = await begin('no')
    shut = await begin('yes')
    old = await begin('no', expired)
  })

  const versionAt = async (host: string, port: number, tls: TlsFiles, protocol = 'rediss') => {
    const source = redis(`${protocol}://:${cachePassword}@${host}:${port}`, { tls })
    try {
      await source.ready(soon(), 10_000)
      return (await source.reader(account).info()).get('redis_version')
    } finally {
      await source.close()
    }
  }
  const root = { ca: ours.certFile }
  const own = { cert: monitor.certFile, key: monitor.keyFile }

  test('lets in who trusts its certificate', async () => {
    expect(await versionAt('localhost', open.port, root)).toMatch(/^\d/)
  })
  test('lets in who shows a certificate, where it asks for one', async () => {
    expect(await versionAt('localhost', shut.port, { ...root, ...own })).toMatch(/^\d/)
  })

  test.each<[what: string, at: () => Promise<unknown>, words: RegExp]>([
    ['an unknown authority', () => versionAt('localhost', open.port, {}), /no known authority signed.*REDIS_TLS_CA/],
    [
      'another authority',
      () => versionAt('localhost', open.port, { ca: theirs.certFile }),
      /no known authority signed.*REDIS_TLS_CA/,
    ],
    ['another host', () => versionAt('127.0.0.1', open.port, root), /certificate is for another host.*127\.0\.0\.1/],
    ['a certificate of last week', () => versionAt('localhost', old.port, root), /not valid today.*Renew it/],
    [
      'no certificate of ours',
      () => versionAt('localhost', shut.port, root),
      /(does not trust us|hung up).*REDIS_TLS_CERT/,
    ],
    [
      "a stranger's certificate",
      () => versionAt('localhost', shut.port, { ...root, cert: stranger.certFile, key: stranger.keyFile }),
      /(does not trust us|hung up).*REDIS_TLS_CERT/,
    ],
    ['no TLS', () => versionAt('localhost', open.port, {}, 'redis'), /hung up.*rediss:/],
    ['a server that answers in the clear', () => versionAt('localhost', clear.port, root), /does not speak TLS/],
    [
      'no authority where it is named',
      () => versionAt('localhost', open.port, { ca: '/nowhere.pem' }),
      /\/nowhere\.pem/,
    ],
  ])('%s is refused, and the error says why', async (_what, at, words) => {
    const refused = await at().catch((error: Error) => error)
    expect(refused).toBeInstanceOf(Error)
    expect(String(refused)).toMatch(words)
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain(cachePassword)
  })
})
