import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from '../../../../compose/plan.ts'

const service = z.object({
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  privileged: z.boolean().optional(),
  pid: z.string().optional(),
  ipc: z.string().optional(),
  devices: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.string().optional(),
  network_mode: z.string().optional(),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.unknown()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  logging: z.object({ options: z.record(z.string(), z.string()) }).optional(),
})
type Service = z.infer<typeof service>
const network = z
  .object({ internal: z.boolean().optional(), driver_opts: z.record(z.string(), z.string()).optional() })
  .nullable()
const file = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), network),
  volumes: z.record(z.string(), z.unknown()),
})
type File = z.infer<typeof file>

/** What each service is held to. */
const rules = {
  'runs as a user without power': ({ user }) => user !== undefined && !/^(root|0)?(:|$)/.test(user),
  'changes no file of its image': ({ read_only }) => read_only === true,
  'has no capability': ({ cap_drop, cap_add = [] }) => cap_drop?.join() === 'ALL' && cap_add.length === 0,
  'can get no privilege': ({ security_opt, privileged }) =>
    security_opt?.join() === 'no-new-privileges:true' && privileged !== true,
  'shares nothing of the machine': ({ pid, ipc, devices, network_mode }) =>
    pid === undefined && ipc === undefined && devices === undefined && [undefined, 'none'].includes(network_mode),
  'has a limit of memory': ({ mem_limit }) => /^\d+[mg]$/.test(mem_limit ?? ''),
  'has a limit of processes': ({ pids_limit = 0 }) => pids_limit >= 1 && pids_limit <= 256,
  'says whether it is well': ({ healthcheck }) => healthcheck !== undefined,
  'does not fill the disk with its log': ({ logging }) =>
    /^\d+m$/.test(logging?.options['max-size'] ?? '') && Number(logging?.options['max-file']) > 0,
  'listens on loopback': ({ ports }) => ports.every((port) => port.startsWith('127.0.0.1:')),
  'has no way out': ({ networks }) => !networks.includes('outside'),
  'is among the others': ({ networks }) => networks.includes('backend'),
  'sees no file of the machine but those of the checkout': ({ volumes }) =>
    volumes.every((volume) => typeof volume !== 'string' || !volume.startsWith('/')),
  'has no secret in its environment': ({ environment }) =>
    Object.entries(environment).every(
      ([name, value]) =>
        !/PASSWORD|SECRET|TOKEN|KEY/.test(name) || /_FILE$/.test(name) || /^\/run\//.test(String(value)),
    ),
} as const satisfies Record<string, (one: Service) => boolean>
type Rule = keyof typeof rules

/** Who is not held to what, and why. */
const exceptions: Readonly<Record<string, Partial<Record<Rule, string>>>> = {
  init: {
    'says whether it is well': 'it ends, and others wait for that',
    'is among the others': 'it writes secrets, and has no network at all',
  },
  setup: { 'says whether it is well': 'it ends, and others wait for that' },
  alertmanager: { 'has no way out': 'it tells people, by services outside' },
  'node-exporter': {
    'sees no file of the machine but those of the checkout':
      "it tells of the machine: of its disks only by their mounts, which it may read as any user may, and can't change",
  },
}

const read = () => file.parse(parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }))

const faultsOf = ({ services, networks }: File): readonly string[] => [
  ...Object.entries(services).flatMap(([name, one]) =>
    Object.entries(rules).flatMap(([rule, holds]) => {
      const excepted = new Map(Object.entries(exceptions[name] ?? {})).has(rule)
      if (excepted) return holds(one) ? [`${name} ${rule} after all: take its exception away`] : []
      return holds(one) ? [] : [`not so: ${name} ${rule}`]
    }),
  ),
  ...(networks.backend?.internal ? [] : ['the network backend leads outside']),
  ...(networks.ports?.driver_opts?.['com.docker.network.bridge.enable_ip_masquerade'] === 'false'
    ? []
    : ['the network ports leads outside']),
  // Whoever publishes a port needs a network besides: nothing leads from this machine into an internal one.
  ...Object.entries(services)
    .filter(([, { networks: its, ports }]) => ports.length > 0 !== its.some((one) => one !== 'backend'))
    .map(([name]) => `${name} has a port without a network for it, or a network without a port`),
]

const composed = read()

describe('every service of docker-compose.yml', () => {
  test('is held to the list', () => {
    expect(faultsOf(composed)).toEqual([])
  })

  test('that is excepted is there', () => {
    expect(Object.keys(exceptions).filter((name) => !(name in composed.services))).toEqual([])
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
const breaches: readonly (readonly [Rule, Change])[] = [
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
  ['has no secret in its environment', () => ({ environment: { API_TOKEN: 'x' } })],
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
    expect([...new Set(breaches.map(([rule]) => rule))].sort()).toEqual(Object.keys(rules).sort())
  })

  test('the network that leads nowhere would be missed', () => {
    const open = { ...composed, networks: { ...composed.networks, backend: {}, ports: {} } }
    expect(faultsOf(open)).toEqual(['the network backend leads outside', 'the network ports leads outside'])
  })
})
