import { resolve } from 'node:path'
import { type BackupSettings, backupSettings } from '../../config/backup.ts'
import type { Env } from '../../config/env.ts'
import { jobs } from '../../config/jobs.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { type Job, type Plan, Refused } from '../job.ts'
import { measureTree, rootsOf, type Tree, treeSource } from './archive.ts'
import { BucketAway } from './bucket-failure.ts'
import { type DatabaseSource, databaseFaults, databasePrograms, databaseSource, identify } from './database.ts'
import { opens, type Recipient, recipientOf } from './encryption.ts'
import type { Kind } from './manifest.ts'
import { ownerFaults } from './owner.ts'
import { identifyRedis, redisSource } from './redis.ts'
import { type Need, roomFaults } from './room.ts'
import { type Bucket, openBucket } from './s3.ts'
import type { Source } from './source.ts'
import { type Prepared, saveAll } from './work.ts'

interface More {
  readonly settings?: BackupSettings
}

/** Something that is about to be saved, with what `--dry-run` says of it. */
interface Subject {
  readonly source: Source
  readonly need: Need
  readonly words: string
}

/** What a job looks at, besides what all of them need. Faults are told to `look`. */
interface Looking {
  readonly env: Env
  readonly settings: BackupSettings
  /** Undefined where it could not be asked: what else is missing is named all the same. */
  readonly database: DatabaseSource | undefined
  readonly signal: AbortSignal
  readonly look: Look
}
/** Does it, and notes what goes wrong, so that all of it is told at once. */
type Look = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>

/** Saves the database and Redis. */
export const backupJob = (env: Env, { settings = backupSettings }: More = {}): Job => ({
  name: 'backup',
  setting: jobs.backup,
  plan: (signal) =>
    planned({ env, settings, signal }, async (looking) => {
      const subjects = await Promise.all(
        settings.parts.map((part) => (part === 'database' ? databaseSubject(looking) : redisSubject(looking))),
      )
      return subjects.filter((one) => one !== undefined)
    }),
})

const folderJob = (name: 'backup-files' | 'backup-configuration', kind: 'files' | 'configuration') => {
  const variable = kind === 'files' ? 'BACKUP_FILES' : 'BACKUP_CONFIGURATION'
  return (env: Env, { settings = backupSettings }: More = {}): Job => ({
    name,
    setting: jobs[name],
    plan: (signal) =>
      planned({ env, settings, signal }, async ({ look }) => {
        const tree = await look(variable, async () => {
          const roots = rootsOf(env[variable] ?? '')
          if (roots.length === 0) {
            throw new Error(`is missing: name the files and folders that are to be saved, with : between them`)
          }
          return measureTree(roots, settings.leaveOut, signal)
        })
        return tree ? [treeSubject(kind, tree, settings)] : []
      }),
  })
}

/** Saves files: what guests and staff uploaded, say. */
export const backupFilesJob = folderJob('backup-files', 'files')
/** Saves the configuration. */
export const backupConfigurationJob = folderJob('backup-configuration', 'configuration')

const treeSubject = (kind: 'files' | 'configuration', { roots, files, bytes }: Tree, { leaveOut }: BackupSettings) => ({
  source: treeSource({ kind, roots, leaveOut }),
  need: { kind, bytes },
  words: `save ${files} files (${bytes} bytes) of ${roots.join(', ')}, without ${leaveOut.join(', ')}`,
})

const databaseSubject = async ({ env, settings, database, signal, look }: Looking): Promise<Subject | undefined> => {
  const { JOBS_DATABASE_URL: url = '', POSTGRES_BIN } = env
  if (!database) return undefined
  const programs = await look('PostgreSQL', () => databasePrograms(database, POSTGRES_BIN, signal))
  await look('PostgreSQL', async () => {
    const faults = await databaseFaults(url, signal)
    if (faults.length > 0) throw new Error(faults.join('; '))
  })
  if (!programs) return undefined
  const { database: name, serverVersion, bytes } = database
  return {
    source: databaseSource({ url, source: database, programs, settings }),
    need: { kind: 'database', bytes },
    words: `save the database ${name} (${bytes} bytes, PostgreSQL ${serverVersion}) by ${programs.dump.version}`,
  }
}

const redisSubject = async ({ env, signal, look }: Looking): Promise<Subject | undefined> => {
  const { JOBS_REDIS_URL: url, REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = env
  return look('JOBS_REDIS_URL', async () => {
    if (url === undefined) {
      throw new Error('is missing: set it to the Redis that is to be saved, or take redis out of config/backup.ts')
    }
    const options = { url, tls: { ca, cert, key } }
    const { serverVersion, keys, bytes } = await identifyRedis(options, signal)
    const count = Object.values(keys).reduce((sum, one) => sum + one, 0)
    return {
      source: redisSource(options),
      need: { kind: 'redis' as const, bytes },
      words: `save ${count} keys (${bytes} bytes) of Redis ${serverVersion}`,
    }
  })
}

interface Planning {
  readonly env: Env
  readonly settings: BackupSettings
  readonly signal: AbortSignal
}

const planned = async (
  { env, settings, signal }: Planning,
  subjectsOf: (looking: Looking) => Promise<readonly Subject[]>,
): Promise<Plan> => {
  const faults: string[] = []
  const look: Look = async (what, work) => {
    try {
      return await work()
    } catch (cause) {
      signal.throwIfAborted()
      faults.push(`${what} ${wordsOf(cause)}`.trim())
      return undefined
    }
  }
  const folder = resolve(env.BACKUP_DIR)
  const bucket = bucketOf(env, settings)
  const [recipient, database] = await Promise.all([
    look('BACKUP_RECIPIENT', () => recipientIn(env)),
    look('JOBS_DATABASE_URL', () => databaseIn(env, signal)),
  ])
  const subjects = await subjectsOf({ env, settings, database, signal, look })
  const needs = subjects.map(({ need }) => need)
  const [room, owned] = await Promise.all([
    look('BACKUP_DIR', () => roomFaults(folder, needs, settings.room, signal)),
    look('', async () => (database ? owners({ database, folder, bucket, signal }) : undefined)),
  ])
  faults.push(...(room ?? []), ...(owned?.faults ?? []))
  if (faults.length > 0 || !recipient || !database) {
    bucket?.close()
    throw new Refused(faults)
  }
  const sources = subjects.map(({ source }) => source)
  const away = owned?.away
  const there = away === undefined ? bucket : undefined
  const prepared = { sources, owner: database, folder, bucket: there, away, recipient, settings }
  return {
    steps: stepsOf(subjects, prepared),
    run: (run) => saveAll(prepared, run).finally(() => bucket?.close()),
  }
}

interface Owning {
  readonly database: DatabaseSource
  readonly folder: string
  readonly bucket: Bucket | undefined
  readonly signal: AbortSignal
}

/** Whether the places are this database's own. One copy here is better than none: a bucket where nobody answers refuses nothing. */
const owners = async ({ database, folder, bucket, signal }: Owning) => {
  try {
    return { faults: await ownerFaults(database, folder, bucket, signal) }
  } catch (cause) {
    if (!(cause instanceof BucketAway)) throw cause
    return { faults: await ownerFaults(database, folder, undefined, signal), away: wordsOf(cause) }
  }
}

const recipientIn = async ({ BACKUP_RECIPIENT, BACKUP_IDENTITY }: Env): Promise<Recipient> => {
  if (BACKUP_RECIPIENT === undefined) {
    throw new Error('is missing: make a key with age-keygen, keep it elsewhere, and set this to its public half')
  }
  const recipient = await recipientOf(BACKUP_RECIPIENT)
  if (BACKUP_IDENTITY !== undefined && !(await opens(BACKUP_IDENTITY, BACKUP_RECIPIENT))) {
    throw new Error('is not the public half of BACKUP_IDENTITY: nobody here could restore what is saved. Set both anew')
  }
  return recipient
}

const databaseIn = async ({ JOBS_DATABASE_URL }: Env, signal: AbortSignal) => {
  if (JOBS_DATABASE_URL === undefined) {
    throw new Error('is missing: it says whose backups these are. Set it to the database, with the login of its owner')
  }
  return identify(JOBS_DATABASE_URL, signal).catch((cause: unknown) => {
    throw new Error(`leads to no database that can be asked who it is (${wordsOf(cause)}). Check it, and the server`, {
      cause,
    })
  })
}

const bucketOf = (env: Env, { upload }: BackupSettings): Bucket | undefined => {
  const { BACKUP_S3_BUCKET: bucket, BACKUP_S3_PREFIX: prefix, BACKUP_S3_REGION: region } = env
  const { BACKUP_S3_ENDPOINT: endpoint, BACKUP_S3_ACCESS_KEY_ID: id, BACKUP_S3_SECRET_ACCESS_KEY: secret } = env
  if (bucket === undefined || id === undefined || secret === undefined) return undefined
  return openBucket({ bucket, prefix, region, endpoint, accessKeyId: id, secretAccessKey: secret }, upload)
}

const stepsOf = (
  subjects: readonly Subject[],
  { folder, bucket, away, settings }: Pick<Prepared, 'folder' | 'bucket' | 'away' | 'settings'>,
): readonly string[] => {
  const { localDays, remoteDays, least } = settings.keep
  const kinds: readonly Kind[] = subjects.map(({ source }) => source.kind)
  const never = `never the ${Math.max(1, least)} newest good ones`
  return [
    ...subjects.map(({ words }) => words),
    `compress with gzip -${settings.compression}, encrypt for BACKUP_RECIPIENT, and write to ${kinds.map((kind) => `${folder}/${kind}`).join(', ')}`,
    'read all of it again, and give it its name only then',
    `remove those there that are older than ${localDays} days, ${never}`,
    ...(bucket
      ? [
          `send it to ${bucket.words}, read it back, and remove those there that are older than ${remoteDays} days, ${never}`,
        ]
      : [
          away === undefined
            ? 'keep no second copy, as BACKUP_S3_BUCKET is not set'
            : `send it nowhere, and fail for that: ${away}`,
        ]),
  ]
}
