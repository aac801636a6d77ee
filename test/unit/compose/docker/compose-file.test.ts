import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../../compose/artefacts.ts'
import { composeDeployment } from '../../../../compose/deployment.ts'
import { parts } from '../../../../compose/docker/parts.ts'
import { secretFiles } from '../../../../compose/docker/secrets.ts'
import { images } from '../../../../compose/images.ts'
import { tellingSettings } from '../../../../compose/local/postgres.ts'
import { outageTolerance, retention, retentionSize, root } from '../../../../compose/plan.ts'
import { readEnv, readServiceEnv, variableNames } from '../../../../config/env.ts'
import { sourceVariables } from '../../../../config/targets.ts'
import { processFaults } from '../../../../demo/faults.ts'
import { withDemo } from '../../../../jobs/demo.ts'

const everyFile = artefacts()

const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')

const bind = z.object({ type: z.literal('bind'), source: z.string(), target: z.string(), read_only: z.literal(true) })
const service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string(), target: z.string() }).optional(),
  pull_policy: z.string().optional(),
  user: z.string(),
  read_only: z.boolean().default(false),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  network_mode: z.string().optional(),
  volumes: z.array(z.union([z.string(), bind])).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.string(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
})
const file = z
  .object({ name: z.string(), services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(text, { merge: true }))

const services = Object.entries(file.services)
const serviceOf = (name: string) => {
  const found = file.services[name]
  if (!found) throw new Error(`no service ${name}`)
  return found
}
const once = services.filter(([, { restart }]) => restart === 'no').map(([name]) => name)
const lasting = services.filter(([name]) => !once.includes(name)).map(([name]) => name)

interface Mount {
  readonly source: string
  readonly target: string
  readonly mode: string
}
const mountsOf = ({ volumes }: z.infer<typeof service>): readonly Mount[] =>
  volumes.map((volume) => {
    if (typeof volume !== 'string') return { source: volume.source, target: volume.target, mode: 'ro' }
    const [source = '', target = '', mode = 'rw'] = volume.split(':')
    return { source, target, mode }
  })
const variable = /\$\{(\w+)(?::-([^${}]*))?\}/g
/** With the defaults of variables in their places, from the inside out: those of some are made of others. */
const layersOf = (words: string): readonly string[] => {
  const filled = words.replace(variable, (_all, name: string, standard?: string) => standard ?? name)
  return filled === words ? [words] : [words, ...layersOf(filled)]
}
const withDefaults = (words: string) => layersOf(words).at(-1) ?? ''
/** Every variable that is used, with its default. */
const used = layersOf(text).flatMap((layer) =>
  [...layer.matchAll(variable)].map(([, name = '', value]) => [name, value] as const),
)
const env = readEnv({})
/** Where messages lead to as long as nobody says where else: to the port of this machine. */
const standardOf = (name: string) => {
  const [, program] = /^(PROMETHEUS|ALERTMANAGER|GRAFANA)_PUBLIC_URL$/.exec(name) ?? []
  return program ? `http://127.0.0.1:${Object(env)[`${program}_PORT`]}` : String(Object(env)[name])
}

describe.each(services)('the service %s', (name, one) => {
  test('says whether it is well, or ends and is waited for', () => {
    const awaited = services.some(
      ([, { depends_on }]) => depends_on[name]?.condition === 'service_completed_successfully',
    )
    expect(once.includes(name) ? awaited : one.healthcheck !== undefined).toBe(true)
    expect(one.restart).toBe(once.includes(name) ? 'no' : 'unless-stopped')
  })

  test('waits for others until they are well, or through', () => {
    for (const [other, { condition }] of Object.entries(one.depends_on)) {
      expect(condition).toBe(once.includes(other) ? 'service_completed_successfully' : 'service_healthy')
    }
  })

  test('runs as a user without power', () => {
    expect(one.user).not.toMatch(/^(root|0)?(:|$)/)
    expect(one.cap_drop).toEqual(['ALL'])
    expect(one.security_opt).toEqual(['no-new-privileges:true'])
  })

  test('runs an image of the table, or one built here, which changes no file of its own', () => {
    if (/^\$\{COMPOSE_PROJECT_NAME\}-/.test(one.image)) {
      expect(one.read_only).toBe(true)
      // A build that is not pulled, and not taken for up to date when sources have changed.
      expect(one.pull_policy).toBe(one.build ? 'build' : 'never')
      expect(services.some(([, { image, build }]) => build && image === one.image)).toBe(true)
    } else expect(Object.values(images)).toContain(one.image)
  })

  test('publishes on loopback only, at a port that a variable of ours moves', () => {
    for (const port of one.ports) {
      const [, variable = '', standard, inside] = /^127\.0\.0\.1:\$\{(\w+):-(\d+)\}:(\d+)$/.exec(port) ?? []
      expect(port).toBe(`127.0.0.1:\${${variable}:-${standard}}:${inside}`)
      expect(readEnv({})).toMatchObject({ [variable]: Number(standard) })
      expect(parts).toContainEqual(expect.objectContaining({ service: name, port: Number(inside), variable }))
    }
  })

  test('finds on this machine what it mounts from it, and cannot change that', () => {
    for (const { source, target, mode } of mountsOf(one)) {
      if (source in file.volumes) continue
      expect(mode).toBe('ro')
      const path = source.replace(/^\$\{SECRETS_DIR:-(\w+)\}$/, '$1')
      expect([target, existsSync(join(root, path))]).toEqual([target, true])
      const generated = /^\.\/compose\/generated\/(.+)$/.exec(path)?.[1]
      if (generated) expect([...everyFile.keys()].some((file) => file.startsWith(`${generated}/`))).toBe(true)
    }
  })

  test('has no secret in its environment, and reads those that init writes for it', () => {
    const folder = mountsOf(one).find(({ source, target }) => source in file.volumes && target === '/run/secrets')
    const written = [...secretFiles(dummies).keys()]
    for (const [variable, value] of Object.entries(one.environment)) {
      if (withoutLogin.includes(variable)) expect(withDefaults(value)).toMatch(/^http:\/\/[^@/]+$/)
      else if (/PASSWORD|SECRET|KEY|TOKEN|_URL(_FILE)?$/.test(variable)) {
        const [, byItself, byGrafana] =
          /^\/run\/secrets\/(\w+)$|^\$\$__file\{\/run\/secrets\/(\w+)\}$/.exec(value) ?? []
        expect([variable, /_FILE$/.test(variable)]).toEqual([variable, byGrafana === undefined])
        expect(written).toContain(`${folder?.source.replace('secrets-', '')}/${byItself ?? byGrafana}`)
      }
    }
    expect(one.command?.join(' ') ?? '').not.toMatch(/password|requirepass/i)
  })
})

/** The addresses of programs that ask nobody who they are. */
const withoutLogin: readonly string[] = ['GF_SERVER_ROOT_URL', 'ALERTMANAGER_URL']

/** Nothing is read from files that are in containers only. */
const logins = Object.fromEntries(
  [...variableNames].filter((name) => name.endsWith('_URL')).map((name) => [`${name}_FILE`, '']),
)

const dummies = { superuser: 'a', api: 'b', exporter: 'c', redis: 'd', grafana: 'e', grafanaKey: 'f' }

describe('docker-compose.yml', () => {
  test('runs every image of the table but the one ours are built on', () => {
    const run = new Set(services.map(([, { image }]) => image))
    expect(Object.values(images).filter((image) => !run.has(image))).toEqual([images.node])
  })

  test('has a volume of secrets for each reader, which nobody else but init sees', () => {
    const init = mountsOf(serviceOf('init'))
    expect(serviceOf('init').network_mode).toBe('none')
    const secrets = Object.keys(file.volumes).filter((name) => name.startsWith('secrets-'))
    const written = init.filter(({ mode }) => mode === 'rw')
    expect(written.map(({ source }) => source).sort()).toEqual(secrets.sort())
    for (const { source, target } of written) expect(target).toBe(`/secrets/${source.replace('secrets-', '')}`)
    for (const name of secrets.filter((one) => one !== 'secrets-init')) {
      const readers = services.filter(
        ([reader, one]) => reader !== 'init' && mountsOf(one).some(({ source }) => source === name),
      )
      expect(readers.map(([reader]) => reader)).toEqual([name.replace('secrets-', '')])
      expect(readers.flatMap(([, one]) => mountsOf(one)).filter(({ source }) => source === name)).toEqual([
        { source: name, target: '/run/secrets', mode: 'ro' },
      ])
    }
    expect(new Set([...secretFiles(dummies).keys()].map((path) => `secrets-${path.split('/')[0]}`))).toEqual(
      new Set(secrets.filter((one) => one !== 'secrets-init')),
    )
  })

  test('uses every volume it declares', () => {
    const mounted = services.flatMap(([, one]) => mountsOf(one).map(({ source }) => source))
    expect(Object.keys(file.volumes).filter((name) => !mounted.includes(name))).toEqual([])
  })

  test('uses variables that there are, with the defaults they have, and none for a secret', () => {
    for (const [name, standard] of used) {
      if (name === 'COMPOSE_PROJECT_NAME') continue
      expect(variableNames).toContain(name)
      expect([name, standard]).toEqual([name, standardOf(name)])
      expect(name).not.toMatch(/PASSWORD|SECRET$|KEY|TOKEN/)
    }
  })

  test('tells the summary all that goes on running', () => {
    expect([...new Set(parts.map(({ service }) => service))].sort()).toEqual([...lasting].sort())
    expect(
      parts
        .filter(({ variable }) => variable)
        .map(({ variable }) => variable)
        .sort(),
    ).toEqual(services.flatMap(([, { ports }]) => ports.map((port) => /\w+_PORT/.exec(port)?.[0])).sort())
  })

  test('calls its services what the generated configuration and the faults call them', () => {
    const { exporter, prometheus, alertmanager, blackbox, nodeExporter, incidents } = composeDeployment
    const { api = '', pager = '' } = composeDeployment
    const others = [new URL(api).host, new URL(pager).host]
    const hosts = [exporter, prometheus, alertmanager, blackbox, nodeExporter, incidents, ...others]
    for (const host of hosts) {
      const [name, port] = host.split(':')
      expect(parts).toContainEqual(expect.objectContaining({ service: name, port: Number(port) }))
    }
    for (const { service: name } of Object.values(processFaults)) expect(lasting).toContain(name)
  })
})

describe('the API', () => {
  const { environment, ports } = serviceOf('api')

  test('shows its metrics to Prometheus, and to nobody outside', () => {
    const { METRICS_HOST, METRICS_PORT } = readServiceEnv(environment)
    expect(METRICS_HOST).toBe('0.0.0.0')
    expect(composeDeployment.apiMetrics).toBe(`http://api:${METRICS_PORT}/metrics`)
    expect(ports.filter((port) => port.endsWith(`:${METRICS_PORT}`))).toEqual([])
  })

  test("writes its logs into a volume, which outlives its container and is nobody else's", () => {
    const { LOG_DIR } = readServiceEnv(environment)
    const writers = services.flatMap(([name, one]) =>
      mountsOf(one).flatMap(({ source, target, mode }) => (source === 'api-logs' ? [[name, target, mode]] : [])),
    )
    expect(writers).toEqual([['api', LOG_DIR, 'rw']])
  })
})

describe('the recorder of incidents', () => {
  const { environment } = serviceOf('incidents')
  const { INCIDENTS_DIR, INCIDENTS_PORT, ALERTMANAGER_URL, INCIDENTS_DATABASE_URL } = readEnv(environment)

  test("keeps them in a volume, which outlives its container and is nobody else's", () => {
    const writers = services.flatMap(([name, one]) =>
      mountsOf(one).flatMap(({ source, target, mode }) => (source === 'incidents-data' ? [[name, target, mode]] : [])),
    )
    expect(writers).toEqual([['incidents', INCIDENTS_DIR, 'rw']])
    expect(INCIDENTS_DATABASE_URL).toBeUndefined()
  })

  test('listens where it is told of alerts, and asks the Alertmanager that tells it', () => {
    expect(composeDeployment.incidents).toBe(`incidents:${INCIDENTS_PORT}`)
    expect(ALERTMANAGER_URL).toBe(`http://${composeDeployment.alertmanager}`)
  })

  test('keeps nobody from being told: Alertmanager waits for no one but init', () => {
    expect(Object.keys(serviceOf('alertmanager').depends_on)).toEqual(['init'])
  })
})

describe('the maintenance jobs', () => {
  const { environment } = serviceOf('jobs')
  const mounted = (volume: string) =>
    services.flatMap(([name, one]) =>
      mountsOf(one).flatMap(({ source, target, mode }) => (source === volume ? [[name, target, mode]] : [])),
    )
  const { JOBS_DIR, BACKUP_DIR, JOBS_DEMO } = readEnv({ ...environment, ...logins })

  test('keep their records in a volume, which the exporter reads where it looks for them, and cannot change', () => {
    expect(readEnv({ ...serviceOf('exporter').environment, ...logins })).toMatchObject({ JOBS_DIR, JOBS_DEMO })
    expect(mounted('jobs-data')).toEqual([
      ['exporter', JOBS_DIR, 'ro'],
      ['jobs', JOBS_DIR, 'rw'],
    ])
  })

  test("keep backups, and the key of the demo's that opens them, in volumes that are nobody else's", async () => {
    expect(mounted('backups-data')).toEqual([['jobs', BACKUP_DIR, 'rw']])
    const folder = mkdtempSync(join(tmpdir(), 'key-'))
    try {
      await withDemo(readEnv({ JOBS_DEMO, JOBS_DIR: folder }))
      const [made = ''] = readdirSync(folder)
      expect(mounted('backups-key')).toEqual([['jobs', join(JOBS_DIR, made), 'rw']])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that change something are on for the demo, whose servers these are', () => {
    expect(JOBS_DEMO).toBe('true')
    expect(Object.keys(environment).filter((name) => sourceVariables.some((one) => name.startsWith(one)))).toEqual([])
  })
})

/** What docker-compose.targets.yml leaves out: nobody waits for it there, and so nobody waits by way of it. */
const ofTheDemo = Object.entries(
  z
    .object({ services: z.record(z.string(), z.object({ profiles: z.array(z.string()).default([]) })) })
    .parse(parse(readFileSync(join(root, 'docker-compose.targets.yml'), 'utf8'), { merge: true })).services,
).flatMap(([name, { profiles }]) => (profiles.includes('demo') ? [name] : []))

test.each([
  ['with the demo', []],
  ['with real services, where the demo is left out', ofTheDemo],
])('nothing that goes on running starts before init has refused what it refuses: %s', (_words, left) => {
  const first = (name: string): readonly string[] => {
    const waits = Object.keys(serviceOf(name).depends_on).filter((one) => !left.includes(one))
    return [name, ...waits.flatMap(first)]
  }
  const started = lasting.filter((name) => !left.includes(name))
  expect(started).toContain('exporter')
  for (const name of started) expect([name, first(name)]).toEqual([name, expect.arrayContaining(['init'])])
})

test('docs/scale.md says how much memory is given to what grows with the series', () => {
  const limits = z.object({ services: z.record(z.string(), z.object({ mem_limit: z.string().optional() })) })
  const limitOf = (name: string, service: string) =>
    limits.parse(parse(readFileSync(join(root, name), 'utf8'), { merge: true })).services[service]?.mem_limit
  const agents = ['agent-1', 'agent-2'].map((one) => limitOf('docker-compose.mimir.yml', one))
  const claimed = /memory: (\w+)\n(?!.*memory:)/s.exec(everyFile.get('kubernetes/stack/prometheus.yaml') ?? '')?.[1]
  const words = readFileSync(join(root, 'docs/scale.md'), 'utf8').replaceAll(/\s+/g, ' ')
  expect(words).toContain(`a \`mem_limit\` of ${limitOf('docker-compose.yml', 'prometheus')} in \`docker-compose.yml\``)
  expect(words).toContain(`\`limits.memory\` of ${claimed} in the manifests`)
  for (const limit of agents) expect(words).toContain(`Agents have a \`mem_limit\` of ${limit} each`)
})

describe('its programs run as the local ones do', () => {
  const flags = (name: string) => serviceOf(name).command ?? []

  test('Prometheus keeps what the longest promise needs, and the clocks of its alerts', () => {
    expect(flags('prometheus')).toContain(`--storage.tsdb.retention.time=${retention}`)
    expect(
      flags('prometheus'),
      'retentionSize of compose/plan.ts was changed, and containers have it from docker-compose.yml: say the same there',
    ).toContain(`--storage.tsdb.retention.size=${retentionSize}`)
    expect(flags('prometheus')).toContain('--rules.alert.for-grace-period=1s')
    expect(flags('prometheus')).toContain(`--rules.alert.for-outage-tolerance=${outageTolerance}`)
    expect(flags('prometheus')).toContain('--enable-feature=exemplar-storage')
    expect(flags('prometheus')).toContain('--config.file=/etc/prometheus/prometheus.yml')
  })

  test.each([
    ['prometheus', 'PROMETHEUS'],
    ['alertmanager', 'ALERTMANAGER'],
  ])('%s leads to where others reach it, and is served at its root all the same', (name, prefix) => {
    const [url = ''] = flags(name).filter((flag) => flag.startsWith('--web.external-url='))
    expect(url).toContain(`\${${prefix}_PUBLIC_URL:-`)
    expect(flags(name)).toContain('--web.route-prefix=/')
  })

  test('Grafana is asked by its own address, wherever it is reached', () => {
    const { GF_SERVER_ROOT_URL, GF_SERVER_DOMAIN, GF_SERVER_ENFORCE_DOMAIN } = serviceOf('grafana').environment
    expect(GF_SERVER_ROOT_URL).toContain('${GRAFANA_PUBLIC_URL:-')
    expect([GF_SERVER_DOMAIN, GF_SERVER_ENFORCE_DOMAIN]).toEqual(['127.0.0.1', 'true'])
  })

  test('Alertmanager writes down often what it has told', () => {
    const servers = readFileSync(join(root, 'compose/local/servers.ts'), 'utf8')
    const [interval = 'none'] = /--data\.maintenance-interval=\w+/.exec(servers) ?? []
    expect(flags('alertmanager')).toContain(interval)
  })

  test('PostgreSQL tells what we read', () => {
    const set = flags('postgres').flatMap((flag, i, all) => (all[i - 1] === '-c' ? [flag] : []))
    expect(set).toEqual(Object.entries(tellingSettings).map(([name, value]) => `${name}=${value}`))
  })

  test('PostgreSQL asks everybody for a password, on its socket too', () => {
    const local = readFileSync(join(root, 'compose/local/postgres.ts'), 'utf8')
    const [auth = 'none'] = /--auth=[\w-]+/.exec(local) ?? []
    expect(serviceOf('postgres').environment.POSTGRES_INITDB_ARGS?.split(' ')).toContain(auth)
  })

  test('Redis is a small cache, as compose/stack.ts starts it', () => {
    const stack = readFileSync(join(root, 'compose/stack.ts'), 'utf8')
    const [, size = ''] = /maxmemory: '(\w+)'/.exec(stack) ?? []
    const [, policy = ''] = /'maxmemory-policy': '([\w-]+)'/.exec(stack) ?? []
    expect(flags('redis').join(' ')).toContain(`--maxmemory ${size} --maxmemory-policy ${policy}`)
  })

  test('Grafana opens a dashboard that is there', () => {
    const home = serviceOf('grafana').environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH
    expect([...everyFile.keys()]).toContain(String(home).replace('/etc/', ''))
  })
})

const compose = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' })
const without = compose.status === 0 ? false : 'there is no docker with compose here'

test.skipIf(without)(`docker compose takes it${without ? ` (skipped: ${without})` : ''}`, () => {
  const { status, stderr } = spawnSync('docker', ['compose', 'config', '--quiet'], { cwd: root, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
