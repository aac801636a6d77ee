import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { Client } from 'pg'
import { startPostgres } from '../../../compose/local/postgres.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { type BackupSettings, backupSettings } from '../../../config/backup.ts'
import { readEnv } from '../../../config/env.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import type { JobRecord } from '../../../exporters/jobs/record.ts'
import { copiesOf, isWhole } from '../../../jobs/backup/copies.ts'
import { backupConfigurationJob, backupFilesJob, backupJob } from '../../../jobs/backup/index.ts'
import { type Kind, kinds, readManifest } from '../../../jobs/backup/manifest.ts'
import type { Job } from '../../../jobs/job.ts'
import { dryRun, runJob } from '../../../jobs/runner.ts'
import { eventually, portOf } from '../../integration/servers.ts'
import type { BackupTask } from './backup-child.ts'
import type { Shop } from './case.ts'
import { bookedDatabase } from './cleanup-stand.ts'
import { bucketName, listed, type S3, startS3 } from './s3-server.ts'

/** Quick, and with parts of an upload that are small enough for several of them. */
export const testSettings: BackupSettings = {
  ...backupSettings,
  compression: 1,
  room: { ...backupSettings.room, spare: 1024 ** 2 },
  upload: { partBytes: 256 * 1024, attempts: 2, abandonedMinutes: 60 },
}

interface Options {
  /** Besides the tables of the demo: bytes that hardly can be compressed. */
  readonly megabytes?: number
  readonly settings?: BackupSettings
  readonly bucket?: boolean
}

/** A database with reservations, a Redis, a bucket, and a folder for backups of them. */
export const backupStand = async (
  shop: Shop,
  { megabytes = 0, settings = testSettings, bucket = true }: Options = {},
) => {
  const programs = ensurePrograms(['pg_dump-17', 'pg_restore-17'])
  const [postgres, redis, s3] = await Promise.all([
    shop.postgres(),
    shop.redis({ password: 'a secret', settings: { 'repl-diskless-sync-delay': '0' } }),
    startS3(shop),
  ])
  let client = await bookedDatabase(postgres.url, { old: 3_000 })
  // A server that is ended takes its connections with it.
  client.on('error', () => undefined)
  await client.query(`
    create table pictures (id int primary key, content text not null);
    insert into pictures select n, (select string_agg(md5(n || '-' || m), '') from generate_series(1, 32) m)
    from generate_series(1, ${megabytes * 1_024}) n`)
  const identity = await generateX25519Identity()
  const variables = {
    JOBS_DIR: join(shop.folder, 'jobs'),
    JOBS_DATABASE_URL: postgres.url,
    JOBS_REDIS_URL: redis.url,
    POSTGRES_BIN: dirname((await programs)['pg_dump-17'].path),
    BACKUP_DIR: join(shop.folder, 'backups'),
    BACKUP_RECIPIENT: await identityToRecipient(identity),
    ...(bucket && {
      BACKUP_S3_BUCKET: bucketName,
      BACKUP_S3_ENDPOINT: s3.url,
      BACKUP_S3_ACCESS_KEY_ID: 'S3RVER',
      BACKUP_S3_SECRET_ACCESS_KEY: 'S3RVER',
    }),
  }
  const folder = variables.BACKUP_DIR
  const reservations = async () => {
    const { rows } = await client.query('select count(*)::int as count from reservations')
    return Number(rows[0]?.count)
  }
  return {
    postgres,
    redis,
    s3,
    get client() {
      return client
    },
    /** The same database, on a server that is started anew. */
    again: async () => {
      const dataDir = postgres.log.replace(/\.log$/, '')
      shop.keep(await startPostgres({ dataDir, port: portOf(postgres.url), durable: false }))
      client = new Client(postgres.url)
      client.on('error', () => undefined)
      await client.connect()
    },
    identity,
    variables,
    folder,
    reservations,
    /** One run in this process. */
    run: (more: Partial<Record<string, string>> = {}, given: Partial<BackupSettings> = {}, name: Name = 'backup') =>
      runNow(
        openers[name](readEnv({ ...variables, ...more }), { settings: { ...settings, ...given } }),
        variables.JOBS_DIR,
      ),
    plan: async (
      more: Partial<Record<string, string>> = {},
      given: Partial<BackupSettings> = {},
      name: Name = 'backup',
    ) => {
      const lines: string[] = []
      const job = openers[name](readEnv({ ...variables, ...more }), { settings: { ...settings, ...given } })
      await dryRun(job, { tell: (line) => lines.push(line), signal: new AbortController().signal })
      return lines
    },
    /** One run in a process of its own. */
    child: ({ kill, given = {}, ...how }: ChildOptions = {}) =>
      startChild({ env: variables, settings: { ...settings, ...given }, ...(kill && { kill }) }, how),
    records: async () => (await readKept(variables.JOBS_DIR, 'backup')).records,
    seen: () => seenIn(folder, s3),
    end: () => client.end(),
  }
}

export type BackupStand = Awaited<ReturnType<typeof backupStand>>

const openers = { backup: backupJob, 'backup-files': backupFilesJob, 'backup-configuration': backupConfigurationJob }
type Name = keyof typeof openers

const runNow = (job: Job, folder: string): Promise<JobRecord> =>
  runJob(job, { folder, signal: new AbortController().signal, tell: () => undefined })

const childPath = fileURLToPath(new URL('backup-child.ts', import.meta.url))

interface ChildOptions {
  readonly kill?: BackupTask['kill']
  readonly given?: Partial<BackupSettings>
  /** Blocks of 512 bytes that a file of it may have: a disk that is full. */
  readonly most?: number
  /** What runs it, where that is not tsx, which would be measured along. */
  readonly program?: string | undefined
}

const startChild = (task: BackupTask, { most, program }: Pick<ChildOptions, 'most' | 'program'>) => {
  const node = [process.execPath, ...(program === undefined ? ['--import', 'tsx', childPath] : [program])]
  const limited = ['sh', '-c', `ulimit -f ${most}; exec "$0" "$@"`]
  const [command = '', ...args] = most === undefined ? node : [...limited, ...node]
  const child = spawn(command, args, {
    env: { ...process.env, TASK: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = new Promise<{ code: number | null; by: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, by) => resolve({ code, by }))
  })
  return { child, ended, said: () => said, killWhen: (ready: Ready) => killWhen(child, ended, ready) }
}

type Ready = () => boolean | Promise<boolean>

/** As soon as something is so. False where the run ended before. */
const killWhen = async (child: ChildProcess, ended: Promise<unknown>, ready: Ready) => {
  let over = false
  void ended.then(() => {
    over = true
  })
  await eventually(async () => over || (await ready()), Boolean, { every: 2, within: 60_000 })
  const was = !over
  child.kill('SIGKILL')
  await ended
  return was
}

export interface Seen {
  /** Complete backups of the database, by their manifests, the oldest first. */
  readonly local: readonly string[]
  readonly remote: readonly string[]
  /** What a killed run left: it is removed by the next. */
  readonly leavings: readonly string[]
  /** What must not be: a backup that is not what its manifest says. */
  readonly faults: readonly string[]
}

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

/** What there is in both places, of every kind. */
const seenIn = (folder: string, s3: Pick<S3, 'objects' | 'uploads'>): Seen => {
  const leavings: string[] = [...s3.uploads()]
  const faults: string[] = []
  const wholeOf = (kind: Kind, paths: ReadonlyMap<string, string>) => {
    leavings.push(...[...paths.keys()].filter((name) => name.startsWith('.tmp-') || name === 'upload.json'))
    const copies = copiesOf(
      kind,
      [...paths.keys()].map((name) => ({ name, bytes: 0 })),
    )
    for (const { file, manifest } of copies) if (manifest === undefined) leavings.push(file ?? '')
    return copies.filter(isWhole).map(({ file, manifest }) => {
      const told = readManifest(readFileSync(paths.get(manifest) ?? '', 'utf8'))
      if (sha256(paths.get(file) ?? '') !== told.sha256) faults.push(`${file} is not what its manifest tells`)
      return manifest
    })
  }
  const all = kinds.map((kind) => ({
    kind,
    local: wholeOf(kind, new Map(listed(join(folder, kind)).map((name) => [name, join(folder, kind, name)]))),
    remote: wholeOf(kind, s3.objects(kind)),
  }))
  const database = all.find(({ kind }) => kind === 'database')
  return { local: database?.local.toReversed() ?? [], remote: database?.remote.toReversed() ?? [], leavings, faults }
}
