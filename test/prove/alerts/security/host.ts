import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
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
import { updatesPending } from '../../../../exporters/jobs/security.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { freePort } from '../../../integration/servers.ts'
import { endsAs, jobThat, runOf, type Shop } from '../jobs/stand.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { openRegistry } from './registry.ts'
import { auditing } from './stand.ts'

export const hostAdjusted: readonly Adjustment[] = [
  {
    alert: updatesWaiting,
    numbers: { '[7d]': '[20m]', 'offset 7d': 'offset 20m' },
    why: 'nobody waits a week for it: twenty seconds are long',
  },
]

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
  writeFileSync(secrets, 'DATABASE_PASSWORD=kX2vQe8Zt5LmN0pW\n', { mode: 0o600 })
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
      fault: 'somebody tries passwords by SSH: 400 are refused',
      fires: [{ alert: failedLoginsSurging, labels }],
      before: look,
      bring: then(() => writeFileSync(log, refusals(400))),
      end: then(() => writeFileSync(log, '')),
    },
    {
      fault: 'a password is one that is tried first',
      fires: [{ alert: passwordsWeak, labels }],
      before: look,
      bring: then(() => writeFileSync(secrets, 'DATABASE_PASSWORD=changeme\n')),
      end: then(() => writeFileSync(secrets, 'DATABASE_PASSWORD=kX2vQe8Zt5LmN0pW\n')),
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
  const [postgres, redis] = await Promise.all([shop.postgres(), shop.redis({ password: 'kX2vQe8Zt5LmN0pW' })])
  const admin = await connect(postgres.url)
  const client = clientOf(redis.url)
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['postgres_roles', 'redis_acl'],
    env: { JOBS_DATABASE_URL: postgres.url, REDIS_URL: redis.url, JOBS_REDIS_URL: redis.url },
    settings: {
      // The one that everybody is without a login of their own.
      redis: { ...security.redis, users: { default: { commands: 'all', reason: 'the owner of the scene' } } },
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
        await admin.run("create role reporting superuser login password 'kX2vQe8Zt5LmN0pW'")
        await client.call('ACL', 'SETUSER', 'reporting', 'on', 'nopass', '~*', '+@all')
        await look()
      },
      end: async () => {
        await admin.run('drop role reporting')
        await client.call('ACL', 'DELUSER', 'reporting')
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

/** What npm's registry knows of what is installed. */
const ofPackages = async (shop: Shop): Promise<Part> => {
  const instance = 'packages'
  const registry = await openRegistry()
  const folder = join(shop.folder, 'packages')
  mkdirSync(folder, { recursive: true })
  const version = '4.17.4'
  const own = { name: 'an-api', version: '1.0.0', dependencies: { lodash: version } }
  const packages = { '': own, 'node_modules/lodash': { version } }
  writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}\n`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...own, lockfileVersion: 3, packages }))
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['npm_audit'],
    settings: { npm: { ...security.npm, folders: [folder] } },
  })
  const labels = { instance }
  const well = async () => {
    registry.refuses(false)
    registry.tells()
    await endsAs(audit(), 'succeeded')
  }
  const lane: readonly Provocation[] = [
    {
      fault: 'a critical vulnerability of a package becomes known',
      fires: [{ alert: vulnerabilitiesCritical, labels }],
      before: well,
      bring: async () => {
        registry.tells('critical')
        await endsAs(audit(), 'succeeded')
      },
      end: well,
    },
    {
      fault: 'a vulnerability of level high becomes known',
      fires: [{ alert: vulnerabilitiesHigh, labels }],
      before: well,
      bring: async () => {
        registry.tells('high')
        await endsAs(audit(), 'succeeded')
      },
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
      end: well,
    },
  ]
  return { watched, lanes: [lane], end: registry.end }
}

/** What waits cannot be made to wait on a machine for tests: the audit is told that it does. */
const ofUpdates = async (shop: Shop): Promise<Part> => {
  const instance = 'updates'
  const folder = join(shop.folder, 'jobs-waiting-updates')
  const audited = (count: number) =>
    runOf(
      jobThat('security-audit', async ({ measured }) => {
        measured(updatesPending.sample(count, { source: 'system' }))
        return 'looked'
      }),
      folder,
    )
  const lane: readonly Provocation[] = [
    {
      fault: 'audits find security updates of the system that wait, again and again (told to the record, not by apt)',
      fires: [{ alert: updatesWaiting, labels: { instance, source: 'system' } }],
      before: () => audited(0),
      bring: () => audited(3),
      end: () => audited(0),
      // Twenty seconds, and a minute.
      patience: 240,
    },
  ]
  return { watched: { [instance]: { folder } }, lanes: [lane], end: async () => undefined }
}

export const openHost = async (shop: Shop): Promise<readonly Part[]> => [
  await ofMachine(shop),
  await ofPorts(shop),
  await ofServers(shop),
  await ofPackages(shop),
  await ofUpdates(shop),
]
