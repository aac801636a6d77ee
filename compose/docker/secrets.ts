import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { demoLogins, urlFor } from '../../demo/setup.ts'

const names = ['superuser', 'api', 'exporter', 'redis', 'grafana', 'grafanaKey'] as const
type Secrets = Readonly<Record<(typeof names)[number], string>>

/** The one file that has them all, in a volume that nobody else mounts. The others are made from it. */
const source = 'init/secrets.json'

const adminUrl = 'postgres://postgres@postgres:5432/postgres'

/** What each service may read, by the folder that is mounted into it alone. */
export const secretFiles = ({ superuser, api, exporter, redis, grafana, grafanaKey }: Secrets) => {
  const databaseUrl = (login: keyof typeof demoLogins, password: string) =>
    urlFor(adminUrl, { login: demoLogins[login], password })
  const redisUrl = `redis://:${redis}@redis:6379`
  return new Map([
    ['postgres/superuser_password', superuser],
    ['setup/admin_url', adminUrl.replace('@', `:${superuser}@`)],
    ['setup/api_password', api],
    ['setup/exporter_password', exporter],
    ['redis/redis.conf', `requirepass "${redis}"`],
    // What the health check says to the server: on its command line everybody would see it.
    ['redis/ping', `AUTH ${redis}\nPING`],
    ['api/database_url', databaseUrl('api', api)],
    ['api/redis_url', redisUrl],
    ['exporter/database_url', databaseUrl('exporter', exporter)],
    ['exporter/redis_url', redisUrl],
    // The owner of what is saved and cleaned, and one that may make databases: of the demo they are the superuser.
    ['jobs/database_url', urlFor(adminUrl, { password: superuser })],
    ['jobs/restore_database_url', adminUrl.replace('@', `:${superuser}@`)],
    ['jobs/redis_url', redisUrl],
    ['grafana/admin_password', grafana],
    ['grafana/secret_key', grafanaKey],
  ])
}

const newSecrets = (): Secrets => {
  const secret = () => randomBytes(24).toString('base64url')
  return {
    superuser: secret(),
    api: secret(),
    exporter: secret(),
    redis: secret(),
    grafana: secret(),
    grafanaKey: secret(),
  }
}

const readSecrets = (path: string): Secrets => {
  const found: Partial<Secrets> = JSON.parse(readFileSync(path, 'utf8'))
  // A newer version may need one more than the volume has.
  return { ...newSecrets(), ...found }
}

/** Complete or not at all: whoever is stopped half-way leaves no half a password. */
export const writeSecret = (path: string, text: string, mode = 0o444): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${text}\n`, { mode })
  renameSync(`${path}.new`, path)
}

const differs = (path: string, text: string) => !existsSync(path) || readFileSync(path, 'utf8') !== `${text}\n`

/**
 * Makes random secrets the first time, and afterwards only mends what is missing. Files may be read by every user,
 * because each reader is another; that its volume is mounted nowhere else keeps the others out.
 * @returns the files it wrote
 */
export const writeSecrets = (folder: string): readonly string[] => {
  const path = join(folder, source)
  const orphans = existsSync(path)
    ? []
    : [...secretFiles(newSecrets()).keys()].filter((file) => existsSync(join(folder, file)))
  if (orphans.length > 0) {
    throw new Error(
      `${source} is gone, but ${orphans.join(', ')} made from it are there, and so may be databases that have those ` +
        'passwords. To begin anew, without the data: docker compose down --volumes',
    )
  }
  const secrets = existsSync(path) ? readSecrets(path) : newSecrets()
  const wanted = [
    [source, JSON.stringify(secrets), 0o400] as const,
    ...[...secretFiles(secrets)].map(([file, text]) => [file, text, 0o444] as const),
  ]
  const written = wanted.filter(([file, text]) => differs(join(folder, file), text))
  for (const [file, text, mode] of written) writeSecret(join(folder, file), text, mode)
  return written.map(([file]) => file)
}

/**
 * Whoever names something real is not to be shown the demo, and to take it for that.
 * @param given the names of variables that are set; empty for those that are not
 */
export const assertNothingGiven = (given: readonly string[]): void => {
  const names = given.filter(Boolean)
  if (names.length === 0) return
  throw new Error(
    `${names.join(', ')} is set, and docker-compose.yml by itself runs the demo. To watch what is real: ` +
      'COMPOSE_FILE=docker-compose.yml:docker-compose.targets.yml (docs/administration.md). For the demo, unset it',
  )
}
