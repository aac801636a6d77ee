import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../../../../compose/plan.ts'
import {
  composeFile,
  exceptions,
  type File,
  hardening,
  portFaults,
  type Rule,
  type Service,
  softSpots,
} from './hardening.ts'

const read = () => composeFile.parse(parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }))

const faultsOf = ({ services, networks }: File): readonly string[] => [
  ...softSpots({ services }, exceptions),
  ...(networks.backend?.internal ? [] : ['the network backend leads outside']),
  ...(networks.ports?.driver_opts?.['com.docker.network.bridge.enable_ip_masquerade'] === 'false'
    ? []
    : ['the network ports leads outside']),
  ...portFaults({ services }),
]

const composed = read()

describe('every service of docker-compose.yml', () => {
  test('is held to the list', () => {
    expect(faultsOf(composed)).toEqual([])
  })

  test('that is excepted is there', () => {
    expect(Object.keys(exceptions).filter((name) => !(name in composed.services))).toEqual([])
  })

  test('is given nothing real: docker-compose.targets.yml alone mounts that', () => {
    expect(JSON.stringify(composed.services)).not.toMatch(/not-given|\.local/)
  })

  test('keeps what it keeps in a volume with a name', () => {
    const volumes = Object.entries(composed.services).flatMap(([name, one]) =>
      one.volumes
        .filter((volume) => typeof volume === 'string')
        .map((volume) => [name, volume.split(':')[0] ?? ''] as const),
    )
    const nameless = volumes.filter(([, source]) => !/^[./]/.test(source) && !(source in composed.volumes))
    expect(nameless).toEqual([])
  })
})

type Change = (one: Service) => Partial<Service>
type Breach = readonly [Rule, Change]
const breaches: readonly Breach[] = [
  ['runs as a user without power', () => ({ user: '0:0' })],
  ['runs as a user without power', () => ({ user: undefined })],
  ['changes no file of its image', () => ({ read_only: undefined })],
  ['has no capability', () => ({ cap_drop: undefined })],
  ['has no capability', () => ({ cap_add: ['NET_ADMIN'] })],
  ['can get no privilege', () => ({ security_opt: [] })],
  ['can get no privilege', () => ({ privileged: true })],
  ['shares nothing of the machine', () => ({ network_mode: 'host' })],
  ['shares nothing of the machine', () => ({ pid: 'host' })],
  ['has a limit of memory', () => ({ mem_limit: undefined })],
  ['has a limit of processes', () => ({ pids_limit: undefined })],
  ['has a limit of processes', () => ({ pids_limit: -1 })],
  ['says whether it is well', () => ({ healthcheck: undefined })],
  ['does not fill the disk with its log', () => ({ logging: { options: {} } })],
  ['listens on loopback', () => ({ ports: ['9090:9090'] })],
  ['has no way out', ({ networks }) => ({ networks: [...networks, 'outside'] })],
  ['is among the others', () => ({ networks: [] })],
  ['sees no file of the machine but those of the checkout', () => ({ volumes: ['/var/run/docker.sock:/s'] })],
  ...[
    '~/.ssh:/x:ro',
    '../x:/x',
    './:/x',
    './.local:/x',
    './secrets:/x',
    './compose/../../x:/x',
    `\${HOME}/x:/x`,
    `\${SECRETS_DIR:-/}:/x`,
    `\${DATABASE_URL_FILE:-/etc/shadow}:/x`,
    '/x',
    { type: 'bind', source: '/var/run/docker.sock', target: '/x', read_only: true },
    { type: 'bind', source: `\${HOME}`, target: '/x', read_only: true },
    { type: 'bind', source: 'secrets', target: '/x', read_only: true },
  ].map(
    (volume): Breach => [
      'sees no file of the machine but those of the checkout',
      ({ volumes }) => ({ volumes: [...volumes, volume] }),
    ],
  ),
  ['has no secret in its environment', () => ({ environment: { API_TOKEN: 'x' } })],
  ['has no secret in its environment', () => ({ environment: { GF_X_PASSWORD__FILE: '/run/secrets/x' } })],
  [
    'has no secret in its environment',
    () => ({ command: ['postgres'], environment: { POSTGRES_PASSWORD_FILE: '/run/secrets/x' } }),
  ],
]

describe('a service that is not', () => {
  test.each(breaches)('%s would be found', (rule, change) => {
    for (const [name, one] of Object.entries(composed.services)) {
      if (new Map(Object.entries(exceptions[name] ?? {})).has(rule)) continue
      const services = { ...composed.services, [name]: { ...one, ...change(one) } }
      expect(faultsOf({ ...composed, services })).toContain(`not so: ${name} ${rule}`)
    }
  })

  test('every rule has a case', () => {
    expect([...new Set(breaches.map(([rule]) => rule))].sort()).toEqual(Object.keys(hardening).sort())
  })

  test('the network that leads nowhere would be missed', () => {
    const open = { ...composed, networks: { ...composed.networks, backend: {}, ports: {} } }
    expect(faultsOf(open)).toEqual(['the network backend leads outside', 'the network ports leads outside'])
  })
})
