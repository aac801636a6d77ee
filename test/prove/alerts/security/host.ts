import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  accessTooWide,
  auditCheckBlind,
  filesWorldWritable,
  passwordsWeak,
  portsUnexpected,
  updatesWaiting,
  vulnerabilitiesCritical,
  vulnerabilitiesHigh,
} from '../../../../alerts/security/audit.ts'
import { failedLoginsSurging } from '../../../../alerts/security/logins.ts'
import { security } from '../../../../config/security.ts'
import { connect } from '../../../../demo/database.ts'
import { findProgram } from '../../../../jobs/program.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { freePort } from '../../../integration/servers.ts'
import { aptStand } from '../../jobs/apt-stand.ts'
import { endsAs, redisAgain, type Shop } from '../jobs/stand.ts'
import type { Adjustment, Provocation, Scene } from '../provocation.ts'
import { openRegistry } from './registry.ts'
import { auditing } from './stand.ts'

const run = promisify(execFile)

const hasApt = findProgram('apt-get') !== undefined
/** Where that is so, none but what takes a Debian. */
export const hostUnprovoked: Scene['unprovoked'] = hasApt
  ? {}
  : { [updatesWaiting.id]: 'there is no apt here: it takes a Debian' }

export const hostAdjusted: readonly Adjustment[] = [
  {
    alert: updatesWaiting,
    numbers: { '[7d]': '[20m]', 'offset 7d': 'offset 20m' },
    why: 'nobody waits a week for it: twenty seconds are long',
  },
]

/** A password that nobody tries. */
const strong = 'kX2vQe8Zt5LmN0pW'

/** As sshd writes it to the log of the system. */
const refusals = (count: number) => {
  const at = new Date().toISOString()
  const line = (n: number) =>
    `${at} host sshd[${n}]: Failed password for invalid user guest from 203.0.113.9 port ${n} ssh2\n`
  return Array.from({ length: count }, (_, n) => line(n + 1_000)).join('')
}

/** What is found on the machine itself. */
const ofMachine = async (shop: Shop): Promise<Part> => {
  const folder = join(shop.folder, 'application')
  mkdirSync(folder, { recursive: true })
  const [file, log, secrets] = ['server.js', 'auth.log', '.env'].map((name) => join(folder, name))
  if (!file || !log || !secrets) throw new Error('there is no file')
  writeFileSync(file, '')
  writeFileSync(log, '')
  writeFileSync(secrets, `DATABASE_PASSWORD=${strong}\n`, { mode: 0o600 })
  const instance = 'machine'
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['permissions', 'logins', 'passwords'],
    settings: {
      permissions: { ...security.permissions, folders: [folder] },
      logins: { ...security.logins, files: [log] },
      passwords: { ...security.passwords, files: [secrets] },
    },
  })
  const labels = { instance }
  const look = () => endsAs(audit(), 'succeeded')
  const then = (act: () => void) => async () => {
    act()
    await look()
  }
  const lane: readonly Provocation[] = [
    {
      fault: 'a deployment lets everybody write to a file of the application',
      fires: [{ alert: filesWorldWritable, labels }],
      before: look,
      bring: then(() => chmodSync(file, 0o666)),
      end: then(() => chmodSync(file, 0o644)),
    },
    {
      fault: '400 lines of passwords that are refused, as sshd writes them (by hand: there is no sshd here)',
      fires: [{ alert: failedLoginsSurging, labels }],
      before: look,
      bring: then(() => writeFileSync(log, refusals(400))),
      end: then(() => writeFileSync(log, '')),
    },
    {
      fault: 'a file of secrets holds a password that is tried first',
      fires: [{ alert: passwordsWeak, labels }],
      before: look,
      bring: then(() => writeFileSync(secrets, 'DATABASE_PASSWORD=changeme\n')),
      end: then(() => writeFileSync(secrets, `DATABASE_PASSWORD=${strong}\n`)),
    },
  ]
  return { watched, lanes: [lane], end: async () => undefined }
}

interface Part {
  readonly watched: Readonly<Record<string, { readonly folder: string }>>
  readonly lanes: readonly (readonly Provocation[])[]
  end(): Promise<unknown>
}

/** Ports that others reach on this machine, whoever has them. */
const openNow = () => {
  const sockets = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) => {
    const protocol = kind.startsWith('tcp') ? ('tcp' as const) : ('udp' as const)
    const lines = readdirSync('/proc/net').includes(kind) ? readFileSync(`/proc/net/${kind}`, 'utf8').split('\n') : []
    return lines.slice(1).flatMap((line) => {
      const port = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4})/.exec(line)?.[1]
      return port === undefined ? [] : [{ protocol, port: Number.parseInt(port, 16) }]
    })
  })
  return sockets.map(({ protocol, port }) => ({ protocol, port, reason: 'was open before the scene' }))
}

const ofPorts = async (shop: Shop): Promise<Part> => {
  const instance = 'ports'
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['ports'],
    settings: { ports: { ...security.ports, allowed: [...security.ports.allowed, ...openNow()], apartSeconds: 1 } },
  })
  const port = await freePort()
  let server: Server | undefined
  const look = () => endsAs(audit(), 'succeeded')
  const lane: readonly Provocation[] = [
    {
      fault: 'a program listens on all addresses of the host',
      fires: [{ alert: portsUnexpected, labels: { instance } }],
      before: look,
      bring: async () => {
        server = createServer()
        await new Promise<void>((resolve) => server?.listen(port, '0.0.0.0', resolve))
        await look()
      },
      end: async () => {
        server?.close()
        await look()
      },
    },
  ]
  return { watched, lanes: [lane], end: async () => void server?.close() }
}

/** What logins may do on real servers. */
const ofServers = async (shop: Shop): Promise<Part> => {
  const instance = 'servers'
  const [postgres, redis] = await Promise.all([shop.postgres(), shop.redis({ password: strong })])
  const admin = await connect(postgres.url)
  const client = clientOf(redis.url)
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['postgres_roles', 'redis_acl', 'passwords'],
    env: { JOBS_DATABASE_URL: postgres.url, REDIS_URL: redis.url, JOBS_REDIS_URL: redis.url },
    settings: {
      // The one that everybody is without a login of their own.
      redis: { ...security.redis, users: { default: { commands: 'all', reason: 'the owner of the scene' } } },
      passwords: { ...security.passwords, files: [] },
    },
  })
  const look = () => endsAs(audit(), 'succeeded')
  const lane: readonly Provocation[] = [
    {
      fault: 'a login of PostgreSQL is made a superuser, and one of Redis may do everything without a password',
      fires: [
        { alert: accessTooWide, labels: { instance, check: 'postgres_roles' } },
        { alert: accessTooWide, labels: { instance, check: 'redis_acl' } },
      ],
      before: look,
      bring: async () => {
        await admin.run(`create role reporting superuser login password '${strong}'`)
        await client.call('ACL', 'SETUSER', 'reporting', 'on', 'nopass', '~*', '+@all')
        await look()
      },
      end: async () => {
        await admin.run('drop role reporting')
        await client.call('ACL', 'DELUSER', 'reporting')
        await look()
      },
    },
    {
      fault: 'a login of PostgreSQL is made without a password, and Redis lets in whoever comes',
      fires: [{ alert: passwordsWeak, labels: { instance } }],
      before: look,
      bring: async () => {
        await admin.run('create role guest login')
        await client.call('ACL', 'SETUSER', 'default', 'nopass')
        await look()
      },
      end: async () => {
        await admin.run('drop role guest')
        await client.call('ACL', 'SETUSER', 'default', 'resetpass', `>${strong}`)
        await look()
      },
    },
    {
      fault: 'the Redis that is looked at is gone',
      fires: [{ alert: auditCheckBlind, labels: { instance, check: 'redis_acl' } }],
      before: look,
      bring: async () => {
        await redis.stop()
        await endsAs(audit(), 'failed')
      },
      end: async () => {
        await redisAgain(shop, redis, strong)
        await look()
      },
    },
  ]
  return {
    watched,
    lanes: [lane],
    end: async () => {
      client.disconnect()
      await admin.close()
    },
  }
}

/** What is known against the packages that are installed. */
const ofPackages = async (shop: Shop): Promise<Part> => {
  const instance = 'packages'
  const registry = await openRegistry()
  const folder = join(shop.folder, 'packages')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}\n`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'an-api', version: '1.0.0' }))
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['npm_audit'],
    settings: { npm: { ...security.npm, folders: [folder] } },
  })
  const labels = { instance }
  const install = ['install', '--package-lock-only', '--no-audit', '--no-fund', '--save-exact']
  const release = async (version: string) => {
    await run('npm', [...install, `lodash@${version}`], { cwd: folder })
    await endsAs(audit(), 'succeeded')
  }
  const well = () => release('4.17.21')
  const words = (version: string, level: string) =>
    `npm writes lodash ${version} into the package-lock.json, against which an advisory of level ${level} is known (told by a stand-in for the registry)`
  const lane: readonly Provocation[] = [
    {
      fault: words('4.17.4', 'critical'),
      fires: [{ alert: vulnerabilitiesCritical, labels }],
      before: well,
      bring: () => release('4.17.4'),
      end: well,
    },
    {
      fault: words('4.17.20', 'high'),
      fires: [{ alert: vulnerabilitiesHigh, labels }],
      before: well,
      bring: () => release('4.17.20'),
      end: well,
    },
    {
      fault: 'the registry refuses npm audit (405), as some mirrors do',
      fires: [{ alert: auditCheckBlind, labels: { ...labels, check: 'npm_audit' } }],
      before: well,
      bring: async () => {
        registry.refuses(true)
        await endsAs(audit(), 'failed')
      },
      end: async () => {
        registry.refuses(false)
        await well()
      },
    },
  ]
  return { watched, lanes: [lane], end: registry.end }
}

/** What waits for a system of its own, so that nothing has to wait on this one. */
const ofUpdates = async (shop: Shop): Promise<Part> => {
  const instance = 'updates'
  const apt = aptStand(join(shop.folder, 'apt'))
  const [installed, newer] = [apt.build('a-library', '1.0-1'), apt.build('a-library', '1.0-1+deb12u1')]
  apt.install(installed)
  apt.publish(installed)
  const { watched, auditAsProgram } = auditing(shop, { instance, checks: ['updates'] })
  const look = () => auditAsProgram(apt.variables)
  const lane: readonly Provocation[] = [
    {
      fault:
        'a suite of security updates has a newer version of what is installed, and nobody installs it (apt and dpkg with folders of their own)',
      fires: [{ alert: updatesWaiting, labels: { instance, source: 'system' } }],
      before: look,
      bring: async () => {
        apt.publish(installed, newer)
        await look()
      },
      end: async () => {
        apt.install(newer)
        await look()
      },
      // Twenty seconds, and a minute.
      patience: 240,
    },
  ]
  return { watched, lanes: [lane], end: async () => undefined }
}

export const openHost = async (shop: Shop): Promise<readonly Part[]> => [
  await ofMachine(shop),
  await ofPorts(shop),
  await ofServers(shop),
  await ofPackages(shop),
  // Where there is no apt nothing waits.
  ...(hasApt ? [await ofUpdates(shop)] : []),
]
