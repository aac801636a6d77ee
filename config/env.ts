import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { baseUrl, hosts, path, port, url } from './env-shapes.ts'
import { serviceVariables } from './service-variables.ts'

const variables = {
  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  REDIS_URL: url(['redis:', 'rediss:'], 'redis://user:password@host:6379/0'),
  API_URL: url(['http:', 'https:'], 'http://host:3000'),
  /** Where the API's checkout is, for the jobs that bring its newest version and look for its vulnerabilities. */
  API_DIR: z.string().optional(),
  /** Where the API serves its metrics, where that is not /metrics below API_URL. */
  API_METRICS_URL: url(['http:', 'https:'], 'http://host:9465/metrics'),
  /** Where the exporter listens. Loopback unless asked. */
  EXPORTER_HOST: z.string().default('127.0.0.1'),
  EXPORTER_PORT: port(9464),
  /** Who may read the exporter's metrics: whoever has the token, or the user with the password. */
  EXPORTER_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'is no token: write letters, digits and signs of ASCII, without blanks')
    .optional(),
  EXPORTER_USER: z
    .string()
    .regex(/^[^:\p{Cc}]+$/u, 'is no user: basic authentication ends the name at the first colon')
    .optional(),
  EXPORTER_PASSWORD: z.string().optional(),
  /** HTTPS instead of HTTP; with an authority for clients, only those with a certificate of it get in. */
  EXPORTER_TLS_CERT: path,
  EXPORTER_TLS_KEY: path,
  EXPORTER_TLS_CLIENT_CA: path,
  /** The authority that signed the certificate of Redis, where it is none that Node knows, and ours for Redis. */
  REDIS_TLS_CA: path,
  REDIS_TLS_CERT: path,
  REDIS_TLS_KEY: path,
  /** The folder that containers have certificates from, for servers of a private authority: /run/given/tls in the exporter's. */
  TLS_DIR: path,
  /** Where the recorder of incidents listens, and whom it asks for alerts and silences; an Alertmanager of here otherwise. */
  INCIDENTS_HOST: z.string().default('127.0.0.1'),
  INCIDENTS_PORT: port(9466),
  ALERTMANAGER_URL: url(['http:', 'https:'], 'http://host:9093'),
  /** Where incidents are kept: in a folder, or in PostgreSQL where it has a URL. */
  INCIDENTS_DIR: z.string().default('incidents'),
  INCIDENTS_DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  /** Where the maintenance jobs leave what became of them. */
  JOBS_DIR: z.string().default('maintenance'),
  /**
   * Switches on what changes something on the demo's own servers, every few minutes. `npm start` and docker compose set it for
   * the demo; where anything real is watched, it is refused.
   */
  JOBS_DEMO: z.literal('true', "is none of the demo's: write true, or nothing").optional(),
  /** The image of the jobs sets it: they see the container there, and not the machine. The exporter that tells of them is told too. */
  JOBS_IN_CONTAINER: z.literal('true', 'is none of a container: write true, or nothing').optional(),
  /** Logins of the jobs: the owner of what is saved and cleaned, and one that may create databases, for the test of a restore. */
  JOBS_DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  JOBS_REDIS_URL: url(['redis:', 'rediss:'], 'redis://user:password@host:6379/0'),
  RESTORE_DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/postgres'),
  /** Where the test of a restore unpacks archives, and removes them again: it needs the room that they take unpacked. */
  RESTORE_DIR: z.string().default('restore'),
  /** Where the programs of PostgreSQL are: pg_dump and pg_restore. On PATH otherwise. */
  POSTGRES_BIN: z.string().optional(),
  /** Where backups are kept, and for whom they are encrypted: the public key, and the key itself, which only a restore needs. */
  BACKUP_DIR: z.string().default('backups'),
  BACKUP_RECIPIENT: z
    .string()
    .regex(/^age1[a-z0-9]+$/, 'is no recipient of age: write its public key, which begins with age1')
    .optional(),
  BACKUP_IDENTITY: z.string().optional(),
  /** Files and folders that `backup-files` and `backup-configuration` save, with : between them. */
  BACKUP_FILES: z.string().optional(),
  BACKUP_CONFIGURATION: z.string().optional(),
  /** A second place for them, that speaks S3. Without an endpoint it is Amazon's. */
  BACKUP_S3_BUCKET: z.string().optional(),
  BACKUP_S3_PREFIX: z
    .string()
    .regex(/^[\w!.*'()-]+(\/[\w!.*'()-]+)*$/, 'is no prefix: write names with / between them, and none at either end')
    .default('techplus'),
  BACKUP_S3_REGION: z.string().default('us-east-1'),
  BACKUP_S3_ENDPOINT: url(['http:', 'https:'], 'https://s3.example.com'),
  BACKUP_S3_ACCESS_KEY_ID: z.string().optional(),
  BACKUP_S3_SECRET_ACCESS_KEY: z.string().optional(),
  /** Whose certificates the audit looks at besides those of the URLs here, and hosts on which it tries ports that are to be shut. */
  AUDIT_ENDPOINTS: hosts(
    (text) => /^[\w.-]+:\d{1,5}$/.test(text),
    'names no endpoints: write example.com:443, with blanks between them',
  ),
  AUDIT_HOSTS: hosts((text) => /^[\w.-]+$/.test(text), 'names no hosts: write db.internal cache.internal'),
  /** Authorities of ours that certificates may be signed by, besides those that Node knows. */
  AUDIT_TLS_CA: path,
  API_HOST: z.string().default('127.0.0.1'),
  API_PORT: port(3000),
  METRICS_PORT: serviceVariables.METRICS_PORT,
  PAYMENTS_URL: url(['http:', 'https:'], 'http://host:3002'),
  PAYMENTS_PORT: port(3002),
  PAGER_PORT: port(9095),
  PROMETHEUS_PORT: port(9090),
  /** Whom the dashboards ask when they are drawn by themselves: another Prometheus than the one started here. */
  PROMETHEUS_URL: url(['http:', 'https:'], 'http://host:9090'),
  /** Grafana, or the preview where there is none. */
  GRAFANA_PORT: port(3001),
  ALERTMANAGER_PORT: port(9093),
  /** Where those who are told of an alert reach them, behind a proxy with a login, say: messages lead there. */
  PROMETHEUS_PUBLIC_URL: baseUrl('https://prometheus.example.com'),
  ALERTMANAGER_PUBLIC_URL: baseUrl('https://alertmanager.example.com'),
  GRAFANA_PUBLIC_URL: baseUrl('https://grafana.example.com'),
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

/** What does nothing, or not what was meant, without another. */
const needs: readonly (readonly [name: VariableName, needed: VariableName])[] = [
  ['EXPORTER_USER', 'EXPORTER_PASSWORD'],
  ['EXPORTER_PASSWORD', 'EXPORTER_USER'],
  ['EXPORTER_TLS_CERT', 'EXPORTER_TLS_KEY'],
  ['EXPORTER_TLS_KEY', 'EXPORTER_TLS_CERT'],
  ['EXPORTER_TLS_CLIENT_CA', 'EXPORTER_TLS_CERT'],
  ['REDIS_TLS_CERT', 'REDIS_TLS_KEY'],
  ['API_METRICS_URL', 'API_URL'],
  ['REDIS_TLS_KEY', 'REDIS_TLS_CERT'],
  ['BACKUP_S3_BUCKET', 'BACKUP_S3_ACCESS_KEY_ID'],
  ['BACKUP_S3_ACCESS_KEY_ID', 'BACKUP_S3_SECRET_ACCESS_KEY'],
  ['BACKUP_S3_SECRET_ACCESS_KEY', 'BACKUP_S3_BUCKET'],
]
/** Those whose loss would open a door: an empty file is no way to leave them unset. */
const guards: readonly string[] = ['EXPORTER_TOKEN', 'EXPORTER_USER', 'EXPORTER_PASSWORD'] satisfies VariableName[]

/** Every variable of the stack; those without a default among them. */
export const variableNames: readonly string[] = Object.keys(variables)

const schema = z.object(variables)
const serviceSchema = z.object(serviceVariables)

export type VariableName = keyof typeof variables
/** The file that a variable was given by, which may say something else later. */
type Files = Readonly<Partial<Record<string, string>>>
export interface Env extends Readonly<z.infer<typeof schema>> {
  readonly files: Files
}
export interface ServiceEnv extends Readonly<z.infer<typeof serviceSchema>> {
  readonly files: Files
}
export type PortVariable = { [K in keyof Env]-?: K extends `${string}_PORT` ? K : never }[keyof Env]
export type UrlVariable = { [K in keyof Env]-?: K extends `${string}_URL` ? K : never }[keyof Env]

/** Variables as a process is given them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the environment, once, at the start of a program. An empty variable counts as unset, and `NAME_FILE` names a
 * file that holds the value of `NAME`.
 * @throws Error with one line per fault, all of them at once; a value is never repeated, because it may hold a password.
 */
export const readEnv = (source: Environment = process.env): Env => readBy(schema, source, halves)

/**
 * The same for what a service reads in its own process. Its other variables are its own: none of them is looked at.
 * @throws Error as `readEnv` does
 */
export const readServiceEnv = (source: Environment = process.env): ServiceEnv => readBy(serviceSchema, source)

type Halves = (values: ReadonlyMap<string, string>, source: Environment) => readonly string[]

const readBy = <Shape extends z.ZodRawShape>(of: z.ZodObject<Shape>, source: Environment, more: Halves = () => []) => {
  const faults: string[] = []
  const values = new Map<string, string>()
  const files = new Map<string, string>()
  for (const name of Object.keys(of.shape)) {
    const file = source[name] ? undefined : source[`${name}_FILE`]
    const value = file ? fromFile(name, file, faults) : source[name]
    if (value) values.set(name, value)
    if (value && file) files.set(name, resolve(file))
  }
  const parsed = of.safeParse(Object.fromEntries(values))
  const issues = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  const all = [...faults, ...issues, ...more(values, source)]
  if (!parsed.success || all.length > 0) {
    throw new Error(`the environment has faults:\n${all.map((fault) => `  ${fault}`).join('\n')}`)
  }
  return Object.freeze({ ...parsed.data, files: Object.freeze(Object.fromEntries(files)) })
}

/** What is wrong with a value that a file holds later, in the words of `readEnv`. The value is not among them. */
export const faultOf = (name: VariableName, value: string): string | undefined => {
  const parsed = variables[name].safeParse(value)
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join(', ')
}

const halves: Halves = (values, source) => {
  const unencrypted = values.has('REDIS_URL') && !values.get('REDIS_URL')?.startsWith('rediss:')
  return [
    ...needs
      .filter(([name, needed]) => values.has(name) && !values.has(needed) && !source[`${needed}_FILE`])
      .map(([name, needed]) => `${needed} is missing: ${name} does nothing without it`),
    // Whoever names the authority believes that the connection is encrypted.
    ...(values.has('REDIS_TLS_CA') && unencrypted ? ['REDIS_TLS_CA needs a REDIS_URL that begins with rediss://'] : []),
  ]
}

const fromFile = (name: string, path: string, faults: string[]) => {
  try {
    const text = readFileSync(path, 'utf8').trim()
    if (text === '' && guards.includes(name)) faults.push(`${name}_FILE names an empty file: write the secret into it`)
    return text
  } catch {
    faults.push(`${name}_FILE names a file that cannot be read: check that it exists and that this user may read it`)
    return undefined
  }
}
