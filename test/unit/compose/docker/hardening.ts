import { posix } from 'node:path'
import { z } from 'zod'

const service = z.object({
  command: z.array(z.string()).optional(),
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
  networks: z.union([z.array(z.string()), z.record(z.string(), z.unknown()).transform(Object.keys)]).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.unknown()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  logging: z.object({ options: z.record(z.string(), z.string()) }).optional(),
})
export type Service = z.infer<typeof service>
const network = z
  .object({ internal: z.boolean().optional(), driver_opts: z.record(z.string(), z.string()).optional() })
  .nullable()
export const composeFile = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), network),
  volumes: z.record(z.string(), z.unknown()),
})
export type File = z.infer<typeof composeFile>

const longForm = z.object({ type: z.string(), source: z.string() })

/** What is mounted: a path, or the name of a volume. Of the short form it ends at the first colon outside a variable. */
const sourceOf = (volume: unknown): string => {
  if (typeof volume === 'string') return /^(?:\$\{[^}]*\}|[^:])*/.exec(volume)?.[0] ?? ''
  const { source } = longForm.parse(volume)
  return source
}

/** Of the machine: what is committed for it, what is generated for real services, the channels' secrets, certificates, and files with URLs. */
const allowed =
  /^(?:compose\/.+|\.local\/given\/.+|\$\{SECRETS_DIR:-secrets\}|\$\{TLS_DIR:-\.\/compose\/docker\/no-tls\}|\$\{\w+_URL_FILE:-\.\/compose\/docker\/not-given\})$/

const isOurs = (volume: unknown) => {
  const source = sourceOf(volume)
  const named = /^[a-z][\w-]*$/.test(source)
  return named ? typeof volume === 'string' : allowed.test(source.startsWith('$') ? source : posix.normalize(source))
}

/**
 * Variables of which the start script of an image makes others, with the secret for a value, that all processes inherit:
 * Grafana's of each that ends so, PostgreSQL's where it starts the server.
 */
const becomesSecret = ({ command = [] }: Service, name: string) =>
  /^GF_.*__FILE$/.test(name) || (/^POSTGRES_.*_FILE$/.test(name) && command[0] !== 'sh')

/** What each service is held to. */
export const hardening = {
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
  'sees no file of the machine but those of the checkout': ({ volumes }) => volumes.every(isOurs),
  'has no secret in its environment': (one) =>
    Object.entries(one.environment).every(
      ([name, value]) =>
        !/PASSWORD|SECRET|TOKEN|KEY/.test(name) ||
        (/_FILE$/.test(name) && !becomesSecret(one, name)) ||
        // A path.
        /^\w+_TLS_KEY$/.test(name) ||
        /^\$\$__file\{\/run\/secrets\/\w+\}$/.test(String(value)),
    ),
} as const satisfies Record<string, (one: Service) => boolean>
export type Rule = keyof typeof hardening

/** Who is not held to what, and why. */
export type Exceptions = Readonly<Record<string, Partial<Record<Rule, string>>>>

/** Of docker-compose.yml. */
export const exceptions: Exceptions = {
  'postgres-volume': {
    'says whether it is well': 'it ends, and others wait for that',
    'is among the others': 'it reads a file, and has no network at all',
  },
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

/** Where a service is not what it is held to, or is excepted from what it keeps. */
export const softSpots = ({ services }: Pick<File, 'services'>, exceptions: Exceptions): readonly string[] =>
  Object.entries(services).flatMap(([name, one]) =>
    Object.entries(hardening).flatMap(([rule, holds]) => {
      const excepted = new Map(Object.entries(exceptions[name] ?? {})).has(rule)
      if (excepted) return holds(one) ? [`${name} ${rule} after all: take its exception away`] : []
      return holds(one) ? [] : [`not so: ${name} ${rule}`]
    }),
  )

/** Networks that lead nowhere else. */
const inner = ['backend', 'mimir']

/** Whoever publishes a port needs a network besides: nothing leads from this machine into an internal one. */
export const portFaults = ({ services }: Pick<File, 'services'>): readonly string[] =>
  Object.entries(services)
    .filter(([, { networks: its, ports }]) => ports.length > 0 !== its.some((one) => !inner.includes(one)))
    .map(([name]) => `${name} has a port without a network for it, or a network without a port`)
