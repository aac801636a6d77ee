import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { security } from '../../config/security.ts'
import { certificates } from '../../jobs/security-audit/certificates.ts'
import { logins } from '../../jobs/security-audit/logins.ts'
import { npmAudit } from '../../jobs/security-audit/npm-audit.ts'
import { permissions } from '../../jobs/security-audit/permissions.ts'
import { ports } from '../../jobs/security-audit/ports.ts'
import { listening } from '../../jobs/security-audit/sockets.ts'
import { authority, type Certificate } from './certificates.ts'
import { checkOf, portOfServer, registry, see, valuesOf, whatOf } from './security-stand.ts'
import { freePort, workshop } from './servers.ts'

const shop = workshop()
const closing: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closing) close()
  await shop.end()
})
const folderOf = () => mkdtempSync(join(shop.folder, 'audit-'))

const poisoned = [{ title: 'Prototype pollution', severity: 'critical', vulnerable_versions: '<4.17.12' }]

describe('npm audit', () => {
  const packageIn = (
    folder: string,
    { lodash, registry = '', more = '' }: { lodash?: string; registry?: string; more?: string },
  ) => {
    const dependencies = lodash === undefined ? {} : { lodash }
    const own = { name: 'app', version: '1.0.0' }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...own, dependencies }))
    const packages = { '': { dependencies }, ...(lodash && { 'node_modules/lodash': { version: lodash } }) }
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...own, lockfileVersion: 3, packages }))
    writeFileSync(join(folder, '.npmrc'), `registry=${registry}\n${more}\n`)
    return folder
  }
  const audit = (...folders: readonly string[]) =>
    see(npmAudit({ folders, settings: security.npm, scratch: join(shop.folder, 'npm') }))
  const opened = async (...given: Parameters<typeof registry>) => {
    const one = await registry(...given)
    closing.push(one.close)
    return one
  }

  test('finds a planted vulnerability, and nothing once it is gone', async () => {
    const { url } = await opened({ lodash: poisoned })
    const folder = folderOf()
    const before = await audit(packageIn(folder, { lodash: '4.17.4', registry: url }))
    expect(before.failures).toEqual([])
    expect(whatOf(before)).toEqual([
      `critical: lodash in ${folder}: Prototype pollution (https://github.com/advisories/GHSA-jf85-cpcp-j695)`,
    ])
    expect(before.findings[0]?.remedy).toBe('install lodash@4.17.21')
    expect(valuesOf(before)).toEqual({
      'security_vulnerabilities critical': 1,
      'security_vulnerabilities high': 0,
      'security_vulnerabilities moderate': 0,
      'security_vulnerabilities low': 0,
      'security_vulnerabilities info': 0,
    })
    const after = await audit(packageIn(folder, { lodash: '4.17.21', registry: url }))
    expect(after).toMatchObject({ findings: [], failures: [] })
    expect(valuesOf(after)).toMatchObject({ 'security_vulnerabilities critical': 0 })
    expect(existsSync(join(shop.folder, 'npm'))).toBe(false)
  })

  test('leaves out what is only developed with', async () => {
    const { url } = await opened({ lodash: poisoned })
    const folder = packageIn(folderOf(), { lodash: '4.17.4', registry: url })
    for (const name of ['package.json', 'package-lock.json']) {
      const path = join(folder, name)
      const text = readFileSync(path, 'utf8').replaceAll('"dependencies"', '"devDependencies"')
      writeFileSync(path, text.replace('"version":"4.17.4"}', '"version":"4.17.4","dev":true}'))
    }
    expect(await audit(folder)).toMatchObject({ findings: [], failures: [] })
  })

  test('asks although .npmrc says that npm is not to', async () => {
    const { url } = await opened({ lodash: poisoned })
    const folder = packageIn(folderOf(), { lodash: '4.17.4', registry: url, more: 'offline=true\naudit=false' })
    expect(whatOf(await audit(folder))).toHaveLength(1)
  })

  test('believes nobody who knows of nothing at all', async () => {
    const { url, asked } = await opened({})
    const seen = await audit(packageIn(folderOf(), { lodash: '4.17.21', registry: url }))
    expect(seen).toMatchObject({ findings: [], samples: [] })
    expect(seen.failures[0]).toContain('the registry knows of no vulnerability, not even of lodash 4.17.4')
    expect(asked()).toBe(2)
  })

  test('could not run without a lock file, a registry or a folder, and takes nothing from the others', async () => {
    const { url } = await opened({ lodash: poisoned })
    const good = packageIn(folderOf(), { lodash: '4.17.4', registry: url })
    const unlocked = mkdtempSync(join(good, 'below-'))
    const unreachable = packageIn(folderOf(), { lodash: '4.17.4', registry: `http://127.0.0.1:${await freePort()}/` })
    const seen = await audit(good, unlocked, unreachable, join(shop.folder, 'gone'))
    expect(whatOf(seen)).toHaveLength(1)
    expect(seen.failures).toEqual([
      expect.stringContaining(`${unlocked}: it has no package-lock.json`),
      expect.stringContaining('ECONNREFUSED'),
      expect.stringContaining('it has no package-lock.json'),
    ])
    // Of the other levels nobody knows.
    expect(valuesOf(seen)).toEqual({ 'security_vulnerabilities critical': 1 })
  })
})

describe('Certificates', () => {
  const ours = authority(join(shop.folder, 'ours'), 'our authority')
  const theirs = authority(join(shop.folder, 'theirs'), 'their authority')
  const serve = async ({ cert, key }: Certificate) => {
    const server = createTlsServer({ cert, key }, (socket) => socket.end())
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    return portOfServer(server)
  }
  const look = (...endpoints: readonly string[]) =>
    see(certificates({ endpoints, authorities: ours.certFile, settings: { ...security.certificates, seconds: 5 } }))
  const days = 86_400

  test('that are as they should be', async () => {
    const endpoint = `localhost:${await serve(ours.issue('good', ['localhost'], 90))}`
    const seen = await look(endpoint)
    expect(seen).toMatchObject({ findings: [], failures: [] })
    const { [`security_certificate_expiry_timestamp_seconds ${endpoint}`]: expiry = 0, ...rest } = valuesOf(seen)
    expect(Math.abs(expiry - Date.now() / 1_000 - 90 * days)).toBeLessThan(60)
    expect(rest).toEqual({
      [`security_certificate_trusted ${endpoint}`]: 1,
      [`security_certificate_name_matches ${endpoint}`]: 1,
    })
  })

  test.each<[what: string, certificate: Certificate, host: string, trusted: number, matches: number, words: RegExp[]]>([
    ['one that ended', ours.issue('ended', ['localhost'], -2), 'localhost', 0, 1, [/its certificate ended on \d{4}-/]],
    ['one that ends soon', ours.issue('soon', ['localhost'], 3), 'localhost', 1, 1, [/ends on .*, in [23] days/]],
    [
      'one for another name',
      ours.issue('named', ['example.com'], 90),
      'localhost',
      1,
      0,
      [/for another name: .*DNS:example.com/],
    ],
    [
      'one for a name and not the address',
      ours.issue('address', ['localhost'], 90),
      '127.0.0.1',
      1,
      0,
      [/for another name/],
    ],
    ['one for an address', ours.issue('ip', ['127.0.0.1'], 90), '127.0.0.1', 1, 1, []],
    [
      'one of an unknown authority',
      theirs.issue('unknown', ['localhost'], 90),
      'localhost',
      0,
      1,
      [/nobody who is known vouches for its certificate: the server leaves out/],
    ],
    ['one that signed itself', theirs, 'localhost', 0, 0, [/in [01] days/, /it signed itself/, /for another name/]],
  ])('%s', async (_what, certificate, host, trusted, matches, words) => {
    const endpoint = `${host}:${await serve(certificate)}`
    const seen = await look(endpoint)
    expect(seen.failures).toEqual([])
    expect(whatOf(seen)).toEqual(words.map((one) => expect.stringMatching(one)))
    expect(valuesOf(seen)).toMatchObject({
      [`security_certificate_trusted ${endpoint}`]: trusted,
      [`security_certificate_name_matches ${endpoint}`]: matches,
    })
  })

  test('that nobody shows could not be looked at, and take nothing from the others', async () => {
    const good = `localhost:${await serve(ours.issue('other', ['localhost'], 90))}`
    const plain = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1')
    const mute = createServer().listen(0, '127.0.0.1')
    closing.push(
      () => plain.close(),
      () => mute.close(),
    )
    await Promise.all([once(plain, 'listening'), once(mute, 'listening')])
    const seen = await see(
      certificates({
        endpoints: [
          good,
          `localhost:${await freePort()}`,
          'nowhere.invalid:443',
          `localhost:${portOfServer(plain)}`,
          `localhost:${portOfServer(mute)}`,
        ],
        authorities: ours.certFile,
        settings: { ...security.certificates, seconds: 2 },
      }),
    )
    expect(seen.findings).toEqual([])
    expect(seen.failures).toEqual([
      expect.stringContaining('ECONNREFUSED'),
      // A resolver may take longer than the two seconds to know nothing.
      expect.stringMatching(/nowhere\.invalid:443: .*(ENOTFOUND|EAI_AGAIN|takes too long)/),
      expect.stringContaining('it does not speak TLS'),
      expect.stringContaining('it does not answer, or takes too long'),
    ])
    expect(Object.keys(valuesOf(seen))).toHaveLength(3)
  })

  test('of nobody are left out, and a list of authorities that is not there is no reason to trust', async () => {
    expect(certificates({ endpoints: [], settings: security.certificates })).toHaveProperty('leftOut')
    const missing = certificates({
      endpoints: ['localhost:1'],
      authorities: '/nowhere.pem',
      settings: security.certificates,
    })
    await expect(see(missing)).rejects.toThrow('ENOENT')
  })
})

describe('Ports', () => {
  const open = async (host: string) => {
    const server: Server = createServer().listen(0, host)
    await once(server, 'listening')
    closing.push(() => server.close())
    return portOfServer(server)
  }
  const settings = { ...security.ports, apartSeconds: 0 }
  const foundOn = (all: readonly string[], port: number) => all.filter((what) => what.includes(`port ${port}/`))

  test.skipIf(process.platform !== 'linux')(
    'of this machine: planted ones are found, and loopback is fine',
    async () => {
      const [everywhere, six, own] = [await open('0.0.0.0'), await open('::'), await open('127.0.0.1')]
      const udp = createSocket('udp4').bind(0, '0.0.0.0')
      await once(udp, 'listening')
      closing.push(() => udp.close())
      const check = (allowed: typeof settings.allowed) => see(ports({ hosts: [], settings: { ...settings, allowed } }))
      const seen = await check([])
      const { pid } = process
      expect(pid).toBeGreaterThan(0)
      expect(foundOn(whatOf(seen), everywhere)).toEqual([
        expect.stringMatching(/^port \d+\/tcp is open on 0\.0\.0\.0, held by \S.*: nobody allows it$/),
      ])
      expect(foundOn(whatOf(seen), six)).toEqual([expect.stringContaining('/tcp is open on ::, held by ')])
      expect(foundOn(whatOf(seen), udp.address().port)).toEqual([expect.stringContaining('/udp is open on 0.0.0.0')])
      expect(foundOn(whatOf(seen), own)).toEqual([])
      expect(valuesOf(seen).security_unexpected_ports).toBe(seen.findings.length)
      const reason = 'a test'
      const rules = [
        { protocol: 'tcp', port: everywhere, reason },
        { protocol: 'tcp', port: six, program: 'nginx', reason },
        { protocol: 'tcp', port: udp.address().port, reason },
      ] as const
      const allowed = await check(rules)
      expect(foundOn(whatOf(allowed), everywhere)).toEqual([])
      expect(foundOn(whatOf(allowed), six)).toEqual([expect.stringContaining('it is allowed to nginx')])
      expect(foundOn(whatOf(allowed), udp.address().port)).toHaveLength(1)
    },
  )

  test('cannot be looked at where the system does not tell', async () => {
    const silent = () => listening(0, new AbortController().signal, folderOf())
    const seen = await see(ports({ hosts: [], settings, here: silent }))
    expect(seen.failures).toEqual([
      expect.stringContaining('this machine: this system does not tell what listens on it'),
    ])
    expect(seen.samples).toEqual([])
  })

  test('of a machine that says nothing at all could not be looked at', async () => {
    // A program that stands still, and as many who wait for it as the system lets wait: others hear nothing.
    const port = await freePort()
    const listen = `require('net').createServer().listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => console.log())`
    const still = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] })
    closing.push(() => still.kill('SIGKILL'))
    await once(still.stdout, 'data')
    still.kill('SIGSTOP')
    const isHeard = () => {
      const socket = connect(port, '127.0.0.1')
      closing.push(() => socket.destroy())
      return Promise.race([once(socket, 'connect').then(() => true), delay(500, false)])
    }
    while (await isHeard());
    const given = { ...settings, tried: [port], seconds: 1 }
    const seen = await see(ports({ hosts: ['127.0.0.1'], settings: given, here: async () => [] }))
    expect(seen).toMatchObject({ findings: [], samples: [] })
    expect(seen.failures).toEqual([expect.stringMatching(/^127\.0\.0\.1: it answered on none of 1 ports/)])
  })

  test('of another machine are tried, but those that may be open', async () => {
    const [forgotten, meant] = [await open('127.0.0.1'), await open('127.0.0.1')]
    const allowed = [{ protocol: 'tcp', port: meant, reason: 'a test' }] as const
    const tried = [forgotten, meant, await freePort()]
    const seen = await see(
      ports({
        hosts: ['localhost', 'nowhere.invalid'],
        settings: { ...settings, allowed, tried },
        here: async () => [],
      }),
    )
    expect(whatOf(seen)).toEqual([`port ${forgotten}/tcp of localhost can be reached from here, and nobody allows it`])
    expect(seen.failures).toEqual([expect.stringMatching(/^nowhere\.invalid: .*(ENOTFOUND|EAI_AGAIN)/)])
    const check = await checkOf(ports({ hosts: ['localhost'], settings: { ...settings, allowed, tried } }))
    expect(check.subjects[1]).toBe(`2 ports of localhost, by connecting to each: ${forgotten}, ${tried[2]}`)
  })
})

describe('Files that everybody may change', () => {
  const plant = (folder: string, name: string, mode: number) => {
    const path = join(folder, name)
    writeFileSync(path, '')
    chmodSync(path, mode)
    return path
  }
  const look = (folder: string, more: Partial<typeof security.permissions> = {}) =>
    see(permissions({ folders: [folder], settings: { ...security.permissions, ...more } }))

  test('are found, in packages too; links, sticky folders and what is allowed are not', async () => {
    const folder = folderOf()
    const modules = join(folder, 'node_modules', 'left-pad')
    mkdirSync(modules, { recursive: true })
    plant(folder, 'good.js', 0o664)
    const found = [plant(folder, 'bad.js', 0o666), plant(modules, 'index.js', 0o602), plant(folder, 'odd\nname', 0o777)]
    const upload = join(folder, 'upload')
    const sticky = join(folder, 'tmp')
    for (const [path, mode] of [
      [upload, 0o777],
      [sticky, 0o1777],
    ] as const) {
      mkdirSync(path)
      chmodSync(path, mode)
    }
    const inSticky = plant(sticky, 'inside', 0o666)
    const elsewhere = folderOf()
    plant(elsewhere, 'outside', 0o666)
    symlinkSync(elsewhere, join(folder, 'link'))
    symlinkSync('/nowhere', join(folder, 'broken'))
    const seen = await look(folder)
    const paths = whatOf(seen).map((what) => what.replace(/: every user.*$/s, ''))
    expect(paths.toSorted()).toEqual([...found, upload, inSticky].toSorted())
    expect(valuesOf(seen)).toEqual({ security_world_writable_files: 5 })
    expect(seen.failures).toEqual([])
    const allowed = [...found, upload, sticky].map((path) => ({ path, reason: 'a test' }))
    const fine = await look(folder, { allowed })
    expect(fine).toMatchObject({ findings: [], failures: [] })
    expect(fine.notes).toContain('5 are allowed by config/security.ts')
  })

  test('are found where their names are no text', async () => {
    const folder = folderOf()
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe)])
    writeFileSync(path, '')
    chmodSync(path, 0o666)
    expect(whatOf(await look(folder))).toHaveLength(1)
  })

  test('are not missed without a word where there are too many, or the folder is gone', async () => {
    const folder = folderOf()
    for (const name of ['a', 'b', 'c']) plant(folder, name, 0o644)
    const seen = await look(folder, { most: 2 })
    expect(seen).toMatchObject({ findings: [], samples: [] })
    expect(seen.failures[0]).toContain('after 2 files and folders it gave up')
    expect((await look(join(folder, 'gone'))).failures[0]).toContain('ENOENT')
    symlinkSync(folder, join(folder, 'self'))
    expect((await look(join(folder, 'self'))).failures[0]).toContain('it is a symbolic link')
  })
})

describe('Logins', () => {
  const now = new Date(2026, 0, 1, 12, 0, 0)
  const no = (time: string, user = 'root') =>
    `${time} www sshd[9]: Failed password for ${user} from 203.0.113.9 port 5 ssh2`
  const yes = (time: string) => `${time} www sshd[9]: Accepted password for ann from 203.0.113.9 port 5 ssh2`
  const logOf = (current: readonly string[], before?: readonly string[]) => {
    const path = join(folderOf(), 'auth.log')
    writeFileSync(path, `${current.join('\n')}\n`)
    if (before) writeFileSync(`${path}.1`, `${before.join('\n')}\n`)
    return path
  }
  const settings = { ...security.logins, most: 3, guesses: 4, server: '/nowhere' }
  const look = (path: string, more: Partial<typeof settings> = {}) =>
    see(logins({ settings: { ...settings, files: ['/nowhere/auth.log', path], ...more }, now: () => now.getTime() }))

  test('that were refused are counted over a rotated log and the turn of a year, in both forms of time', async () => {
    const iso = new Date(2026, 0, 1, 9, 0, 0).toISOString().replace('Z', '+00:00')
    const path = logOf(
      [no('Jan  1 01:00:00', 'typed-password'), no(iso), yes('Jan  1 10:00:00'), 'Jan  1 11:00:00 www CRON[1]: x'],
      [no('Dec 30 12:00:00'), no('Dec 31 11:59:00'), no('Dec 31 12:01:00'), no('Dec 31 23:59:59')],
    )
    const seen = await look(path)
    expect(valuesOf(seen)).toEqual({ security_failed_logins: 4 })
    expect(whatOf(seen)).toEqual([
      '203.0.113.9 was let in after it had been refused 4 times: somebody may have guessed a password',
      '4 logins were refused within 24 hours, from 1 addresses: 203.0.113.9 (4)',
    ])
    expect(JSON.stringify(seen)).not.toMatch(/typed-password|ann/)
  })

  test('that were few are no finding', async () => {
    const seen = await look(logOf([no('Jan  1 01:00:00'), yes('Jan  1 02:00:00')]))
    expect(seen).toMatchObject({ findings: [], failures: [] })
    expect(valuesOf(seen)).toEqual({ security_failed_logins: 1 })
    expect(valuesOf(await look(logOf([])))).toEqual({ security_failed_logins: 0 })
  })

  test('cannot be counted where the log does not reach back, or is in another form', async () => {
    const path = logOf([no('Jan  1 01:00:00')], [no('Dec 31 23:00:00')])
    writeFileSync(`${path}.2.gz`, '')
    await expect(look(path)).rejects.toThrow('do not reach back to')
    await expect(look(logOf(['11/26/26 10:00 root failed']))).rejects.toThrow('in a form that is not known here')
  })

  test('cannot be counted where the log cannot be read', async () => {
    await expect(look(folderOf())).rejects.toThrow(/could not read .*: EISDIR/)
    if (process.getuid?.() === 0) return
    const path = logOf([])
    chmodSync(path, 0)
    await expect(look(path)).rejects.toThrow('adm on Debian')
  })

  describe("of systemd's journal", () => {
    const { PATH } = process.env
    afterEach(() => {
      process.env.PATH = PATH
    })
    /** As `journalctl -o json` prints it, where nobody keeps a journal. */
    const journal = (...entries: readonly object[]) => {
      const folder = folderOf()
      const lines = entries.map((one) => JSON.stringify(one)).join('\n')
      writeFileSync(join(folder, 'journalctl'), `#!/bin/sh\ncat <<'END'\n${lines}\nEND\n`, { mode: 0o755 })
      process.env.PATH = `${folder}:${PATH}`
      const server = join(folder, 'sshd_config')
      writeFileSync(server, '')
      return see(logins({ settings: { ...settings, files: ['/nowhere/auth.log'], server } }))
    }
    const message = 'Failed password for root from 203.0.113.9 port 5 ssh2'
    const __REALTIME_TIMESTAMP = String(Date.now() * 1_000)

    test('are counted', async () => {
      const seen = await journal(
        { MESSAGE: message, __REALTIME_TIMESTAMP },
        { MESSAGE: [...Buffer.from(message)], __REALTIME_TIMESTAMP },
        { MESSAGE: null, __REALTIME_TIMESTAMP },
      )
      expect(valuesOf(seen)).toEqual({ security_failed_logins: 2 })
    })

    test('cannot be counted where it shows nothing at all', async () => {
      await expect(journal()).rejects.toThrow("systemd's journal shows nothing")
    })
  })

  test('of a machine without an SSH server are left out; with one somebody has to tell of them', async () => {
    const nowhere = { files: ['/nowhere/auth.log'] }
    expect(await logins({ settings: { ...settings, ...nowhere } })).toHaveProperty('leftOut')
    const server = join(folderOf(), 'sshd_config')
    writeFileSync(server, '')
    const check = await checkOf(logins({ settings: { ...settings, ...nowhere, server } }))
    expect(check.subjects).toEqual(["logins by SSH within 24 hours, in systemd's journal"])
  })
})
