import { readFileSync } from 'node:fs'
import { z } from 'zod'

const url = (protocols: readonly string[], example: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), `is no URL like ${example}`)
    .optional()

const port = (fallback: number) =>
  z.coerce
    .number('is not a port: write a whole number from 1 to 65535')
    .int('is not a port: write a whole number from 1 to 65535')
    .min(1, 'is not a port: write a whole number from 1 to 65535')
    .max(65535, 'is not a port: write a whole number from 1 to 65535')
    .default(fallback)

const variables = {
  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://user:password@host:6379/0'),
  API_URL: url(['http:', 'https:'], 'http://host:3000'),
  /** Where the exporter listens. Loopback unless asked. */
  EXPORTER_HOST: z.string().default('127.0.0.1'),
  EXPORTER_PORT: port(9464),
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port(3000),
  PAYMENTS_URL: url(['http:', 'https:'], 'http://host:3002'),
  PAYMENTS_PORT: port(3002),
  PAGER_PORT: port(9095),
  PROMETHEUS_PORT: port(9090),
  /** Whom the dashboards ask when they are drawn by themselves: another Prometheus than the one started here. */
  PROMETHEUS_URL: url(['http:', 'https:'], 'http://host:9090'),
  /** Grafana, or the preview where there is none. */
  GRAFANA_PORT: port(3001),
  ALERTMANAGER_PORT: port(9093),
  POSTGRES_PORT: port(54329),
  REDIS_PORT: port(63799),
  BLACKBOX_PORT: port(9115),
  NODE_EXPORTER_PORT: port(9100),
  /** Requests a second that the demo's visitors make. */
  TRAFFIC_RATE: z.coerce
    .number('is not a rate: write requests a second, such as 5')
    .min(0, 'is not a rate: write 0 or more requests a second')
    .max(1000, 'is more than the demo can make: write at most 1000')
    .default(5),
  /** A superuser's URL, and the passwords of the two logins, with which the demo's database is prepared. */
  DEMO_ADMIN_URL: url(['postgres:', 'postgresql:'], 'postgres://postgres:password@host:5432/postgres'),
  DEMO_API_PASSWORD: z.string().optional(),
  DEMO_EXPORTER_PASSWORD: z.string().optional(),
  /** The folder with one file per secret that `config/teams.ts` names. */
  SECRETS_DIR: z.string().default('secrets'),
} as const

/** Every variable there is; those without a default among them. */
export const variableNames: readonly string[] = Object.keys(variables)

const schema = z.object(variables)

export type Env = Readonly<z.infer<typeof schema>>
export type PortVariable = { [K in keyof Env]-?: K extends `${string}_PORT` ? K : never }[keyof Env]
export type UrlVariable = { [K in keyof Env]-?: K extends `${string}_URL` ? K : never }[keyof Env]

/**
 * Reads the environment, once, at the start of a program. An empty variable counts as unset, and `NAME_FILE` names a
 * file that holds the value of `NAME`.
 * @throws Error with one line per fault, all of them at once; a value is never repeated, because it may hold a password.
 */
export const readEnv = (source: Readonly<Record<string, string | undefined>> = process.env): Env => {
  const faults: string[] = []
  const values = variableNames.flatMap((name) => {
    const value = source[name] || fromFile(name, source[`${name}_FILE`], faults)
    return value ? [[name, value]] : []
  })
  const parsed = schema.safeParse(Object.fromEntries(values))
  const issues = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  if (!parsed.success || faults.length > 0) {
    throw new Error(`the environment has faults:\n${[...faults, ...issues].map((fault) => `  ${fault}`).join('\n')}`)
  }
  return Object.freeze(parsed.data)
}

const fromFile = (name: string, path: string | undefined, faults: string[]) => {
  if (!path) return undefined
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    faults.push(`${name}_FILE names a file that cannot be read: check that it exists and that this user may read it`)
    return undefined
  }
}
