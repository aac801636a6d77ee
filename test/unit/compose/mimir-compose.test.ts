import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { images } from '../../../compose/images.ts'
import { mimirImages } from '../../../compose/mimir/images.ts'
import { preparePlace } from '../../../compose/mimir/place.ts'
import { root } from '../../../compose/plan.ts'
import { remoteWrite } from '../../../config/targets.ts'
import { composeFile, type Exceptions, portFaults, softSpots } from './docker/hardening.ts'

const everyFile = artefacts()

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docker-compose.mimir.yml')
const {
  // What it adds to services of the other file.
  services: { init, prometheus, alertmanager, ...own },
  networks,
  ...rest
} = z
  .object({
    services: z
      .object({
        init: z.strictObject({ volumes: z.array(z.string()) }),
        prometheus: z.strictObject({ networks: z.array(z.string()), stop_grace_period: z.string() }),
        alertmanager: z.strictObject({ networks: z.array(z.string()) }),
      })
      .loose(),
    networks: z.record(z.string(), z.object({ internal: z.boolean() })),
  })
  .loose()
  .parse(parse(text, { merge: true }))
const parsed: unknown = { ...rest, services: own }

const held = composeFile.omit({ networks: true }).parse(parsed)
const stack = z
  .object({
    services: z.record(
      z.string(),
      z.object({
        image: z.string(),
        restart: z.string(),
        command: z.array(z.string()).default([]),
        environment: z.record(z.string(), z.string()).default({}),
        volumes: z.array(z.string()).default([]),
        depends_on: z
          .record(z.string(), z.strictObject({ condition: z.string(), restart: z.literal(true).optional() }))
          .default({}),
      }),
    ),
  })
  .parse(parsed)
/** The other names that a service has in the network of Mimir. */
const aliases = Object.fromEntries(
  Object.entries(z.record(z.string(), z.object({ networks: z.unknown().optional() })).parse(own)).flatMap(
    ([name, { networks: joined }]) => {
      const { success, data } = z.object({ mimir: z.object({ aliases: z.array(z.string()) }) }).safeParse(joined)
      return success ? [[name, data.mimir.aliases]] : []
    },
  ),
)
const services = Object.entries(stack.services)

const ends = 'it ends, and others wait for that: see below'
const bare = 'its image has the program alone: what stands before it asks all three'
const apart = 'it asks nobody for a login, and so only who has to reaches it'
const exceptions: Exceptions = {
  'mimir-init': {
    'says whether it is well': ends,
    'is among the others': 'it writes secrets, and has no network at all',
  },
  'mimir-rules': { 'says whether it is well': ends, 'is among the others': apart },
  'mimir-1': { 'says whether it is well': bare, 'is among the others': apart },
  'mimir-2': { 'says whether it is well': bare, 'is among the others': apart },
  'mimir-3': { 'says whether it is well': bare, 'is among the others': apart },
  minio: { 'is among the others': apart },
}

describe('every service of docker-compose.mimir.yml', () => {
  test('is held to the list of the others', () => {
    expect(softSpots(held, exceptions)).toEqual([])
    expect(portFaults(held)).toEqual([])
  })

  test('would be found where it is not', () => {
    const one = held.services.minio
    if (!one) throw new Error('no minio')
    expect(softSpots({ services: { minio: { ...one, cap_drop: [] } } }, exceptions)).toEqual([
      'not so: minio has no capability',
    ])
  })

  test('runs an image that is named once', () => {
    const named = new Set<string>([...Object.values(mimirImages), images.prometheus])
    const used = services.map(([, { image }]) => image).filter((image) => !image.startsWith('$'))
    expect(new Set(used)).toEqual(named)
  })

  test('finds what it reads of the checkout among what is generated', () => {
    const paths = [...everyFile.keys()].map((path) => `./compose/generated/${path}`)
    const mounted = services.flatMap(([, { volumes }]) => volumes.filter((volume) => volume.startsWith('.')))
    expect(mounted.length).toBeGreaterThan(5)
    for (const volume of mounted) {
      const [source = '', , mode] = volume.split(':')
      expect(paths.filter((path) => `${path}/`.startsWith(`${source}/`))).not.toEqual([])
      expect(mode).toBe('ro')
    }
  })
})

const once = services.filter(([, { restart }]) => restart === 'no').map(([name]) => name)

describe('what ends by itself', () => {
  // `docker compose up --wait` takes the end of a container that nobody waits for as a failure.
  test.each(once)('is waited for: %s', (name) => {
    const waiting = services.filter(([, one]) => one.depends_on[name]?.condition === 'service_completed_successfully')
    expect(waiting).not.toEqual([])
  })

  test('is all that says nothing of whether it is well, but for Mimir', () => {
    const silent = Object.entries(exceptions).flatMap(([name, rules]) =>
      rules['says whether it is well'] === ends ? [name] : [],
    )
    expect(silent).toEqual(once)
  })

  test('has given Mimir its rules before an agent writes', () => {
    const waiting = services.flatMap(([name, one]) => ('mimir-rules' in one.depends_on ? [name] : []))
    expect(waiting).toEqual(['agent-1', 'agent-2'])
  })
})

describe('Mimir in containers', () => {
  const { mimir } = composeDeployment
  const hosts = (addresses: readonly string[] = []) => addresses.map((address) => address.replace(/:\d+$/, ''))

  test('has the names by which it and its agents are scraped and written to', () => {
    const names = services.map(([name]) => name)
    expect(names).toEqual(expect.arrayContaining([...hosts(mimir?.instances), ...hosts(mimir?.agents)]))
    expect(names).toContain(hosts([mimir?.gateway ?? ''])[0])
  })

  test('is told apart by its agents, and keeps what each of its instances knows in a volume of its own', () => {
    for (const name of hosts(mimir?.agents)) {
      expect(stack.services[name]?.environment).toEqual({ REPLICA: name })
      expect(stack.services[name]?.volumes).toContain(`${name}-data:/prometheus`)
    }
    for (const name of hosts(mimir?.instances)) {
      expect(stack.services[name]?.volumes).toContain(`${name}-data:/data`)
    }
  })

  test('is given the rules of the tenant that series are written for, by any instance that runs', () => {
    expect(stack.services['mimir-rules']?.command).toEqual(
      expect.arrayContaining([`--id=${remoteWrite.tenant}`, '--address=http://mimir-instances:8080']),
    )
    expect(Object.keys(aliases)).toEqual(hosts(mimir?.instances))
    for (const names of Object.values(aliases)) expect(names).toEqual(['mimir-instances'])
  })

  test('of your own is given them past its gateway too, which lets none through', () => {
    const [, host] = /mimirtool rules sync --address=http:\/\/([\w-]+):8080 /.exec(read('docs/mimir.md')) ?? []
    expect(hosts(mimir?.instances)).toContain(host)
  })

  test('has a gateway that begins anew with any of its instances, and is not taken for well by what was before', () => {
    const { depends_on: waits } = stack.services.mimir ?? {}
    expect(waits).toEqual(
      Object.fromEntries(
        hosts(mimir?.instances).map((name) => [name, { condition: 'service_started', restart: true }]),
      ),
    )
  })

  test('is reached past its gateway by those alone who have to: nobody is asked for a login there', () => {
    expect(networks).toEqual({ mimir: { internal: true } })
    const added = Object.entries({ prometheus, alertmanager, ...held.services })
    const reach = added.filter(([, one]) => one.networks.includes('mimir')).map(([name]) => name)
    const instances = hosts(mimir?.instances)
    expect(reach.sort()).toEqual(['alertmanager', 'mimir', ...instances, 'mimir-rules', 'minio', 'prometheus'])
  })

  test('has time to get rid of what it did not send yet, whoever writes to it', () => {
    expect(text.match(/stop_grace_period: 70s/g)).toHaveLength(2)
    expect(prometheus.stop_grace_period).toBe('70s')
  })

  test('is shown to the one that finds out whether anything is written at all', () => {
    expect(init.volumes).toEqual(['./compose/generated/mimir:/etc/mimir:ro'])
  })

  test('loses no rules but ours: those are found by the namespaces of the generated files', () => {
    const flag = '--namespaces-regex='
    const [given = ''] = stack.services['mimir-rules']?.command.filter((one) => one.startsWith(flag)) ?? []
    const ours = new RegExp(given.slice(flag.length))
    const rules = [...everyFile].filter(([path]) => path.startsWith('mimir/rules/'))
    const namespaces = rules.map(([, content]) => z.object({ namespace: z.string() }).parse(parse(content)).namespace)
    expect(namespaces.length).toBeGreaterThan(5)
    expect(namespaces.filter((one) => !ours.test(one))).toEqual([])
    expect(['billing', 'my-techplus-http', ''].filter((one) => ours.test(one))).toEqual([])
    expect(read('docs/mimir.md')).toContain(`${flag}'${ours.source}'`)
  })

  test('waits, with whoever writes to it, until its secrets are there', () => {
    const first = (name: string): readonly string[] => {
      const waits = Object.keys(stack.services[name]?.depends_on ?? {})
      return [name, ...waits.flatMap(first)]
    }
    for (const [name] of services) expect(first(name)).toContain('mimir-init')
    expect(stack.services['mimir-init']?.depends_on).toEqual({
      init: { condition: 'service_completed_successfully' },
    })
  })

  test('has volumes that belong to the user it runs as: the first that mounts one gives it its owner', () => {
    const folders = stack.services['mimir-init']?.volumes.filter((one) => !one.endsWith(':ro')) ?? []
    expect(folders).toHaveLength(6)
    for (const volume of folders) expect(read('compose/Dockerfile')).toContain(` ${volume.split(':')[1]} `)
    expect(read('compose/Dockerfile')).toContain('chown -R 1000:1000 /secrets /var/log/techplus /data')
  })
})

describe('what is prepared for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'place-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const fileOf = (name: string) => readFileSync(join(folder, name), 'utf8')

  test('is a password of chance for the object storage, and the key that has it, once', () => {
    expect(preparePlace(folder)).toEqual(['minio/root_password', 'mimir/credentials'])
    const password = fileOf('minio/root_password').trimEnd()
    expect(password).toMatch(/^[\w-]{32}$/)
    expect(fileOf('mimir/credentials')).toBe(
      `[default]\naws_access_key_id = mimir\naws_secret_access_key = ${password}\n`,
    )
    expect(stack.services.minio?.environment).toMatchObject({ MINIO_ROOT_USER: 'mimir' })
    expect(preparePlace(folder)).toEqual([])
    rmSync(join(folder, 'mimir/credentials'))
    expect(preparePlace(folder)).toEqual(['mimir/credentials'])
    expect(fileOf('mimir/credentials')).toContain(password)
    // Its volume is gone: the key is of no use without the password that it was made from.
    rmSync(join(folder, 'minio/root_password'))
    expect(preparePlace(folder)).toEqual(['minio/root_password', 'mimir/credentials'])
    expect(fileOf('mimir/credentials')).toContain(fileOf('minio/root_password').trimEnd())
  })
})

describe('docker-compose.mimir-targets.yml', () => {
  const given = z
    .object({
      services: z.record(
        z.string(),
        z.strictObject({
          volumes: z.array(z.string()),
          env_file: z.array(z.unknown()).optional(),
          networks: z.array(z.string()).optional(),
        }),
      ),
    })
    .loose()
    .parse(parse(read('docker-compose.mimir-targets.yml'), { merge: true }))

  test('mounts all that is generated from where it is written for what is given, and nothing else', () => {
    const moved = [['init', init] as const, ...services].flatMap(([name, { volumes }]) => {
      const own = volumes.filter((volume) => volume.startsWith('./compose/generated/'))
      return own.length === 0 ? [] : [[name, own.map((one) => one.replace('./compose/generated/', './.local/given/'))]]
    })
    expect(Object.entries(given.services).map(([name, { volumes }]) => [name, volumes])).toEqual(moved)
  })

  test('lets the agents go where the servers are, and nobody else', () => {
    const open = Object.entries(given.services).filter(([, { networks }]) => networks)
    expect(open).toEqual(
      (composeDeployment.mimir?.agents ?? []).map((address) => [
        address.replace(/:\d+$/, ''),
        expect.objectContaining({ networks: ['backend', 'outside'] }),
      ]),
    )
  })
})

const compose = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' })
const without = compose.status === 0 ? false : 'there is no docker with compose here'

test.skipIf(without)(`docker compose takes both files${without ? ` (skipped: ${without})` : ''}`, () => {
  const files = ['--file=docker-compose.yml', '--file=docker-compose.mimir.yml']
  const { status, stderr } = spawnSync('docker', ['compose', ...files, 'config', '--quiet'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})
