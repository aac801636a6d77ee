import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import type { RestoreTestSettings } from '../../config/restore-test.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { identify } from '../backup/database.ts'
import type { Identity } from '../backup/decryption.ts'
import type { Kind, Manifest, ManifestOf } from '../backup/manifest.ts'
import type { Place } from '../backup/place.ts'
import { findPostgresProgram, type PostgresProgram } from '../backup/postgres-programs.ts'
import { checkKey, openBackup } from '../backup/reading.ts'
import { Refused } from '../job.ts'
import { identityOf, newestIn, withPlace } from './places.ts'
import { foreignWords, lookAtServer, type ScratchServer } from './scratch.ts'
import { readList, type Selection, select } from './toc.ts'
import { checkFolder, freeBytes } from './work-folder.ts'

/** What is there to test a restore with. */
export interface Prepared {
  readonly identity: Identity
  readonly server: ScratchServer
  readonly program: PostgresProgram
  /** Of the dump. */
  readonly selection: Selection
  readonly database: ManifestOf<'database'>
  /** The newest backups of the other kinds, of those that have one. */
  readonly others: readonly Exclude<Manifest, { kind: 'database' }>[]
  /** Kinds that have none. */
  readonly absent: readonly string[]
  /** Of the place they are in. */
  readonly words: string
}

interface Options {
  readonly env: Env
  readonly settings: RestoreTestSettings
  readonly signal: AbortSignal
}

/** The eldest server that drops a database with whoever uses it. */
const eldest = 13

/**
 * Looks at all that is needed, and changes nothing.
 * @throws Refused naming every fault at once
 */
export const prepare = async ({ env, settings, signal }: Options): Promise<Prepared> => {
  const faults = new Set<string>()
  const look = async <T>(work: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await work()
    } catch (cause) {
      signal.throwIfAborted()
      faults.add(wordsOf(cause))
      return undefined
    }
  }
  for (const fault of nameFaults(env, settings)) faults.add(fault)
  const identity = await look(() => identityOf(env))
  const server = await look(() => serverOf(env, settings, signal))
  for (const fault of server ? serverFaults(server, settings) : []) faults.add(fault)
  const found = await look(() =>
    withPlace(env, settings, async (place) => {
      const newest = (kind: Kind) => look(async () => ({ kind, manifest: await newestIn(place, kind, signal) }))
      const all = (await Promise.all(settings.kinds.map(newest))).filter((one) => one !== undefined)
      const manifests = all.flatMap(({ manifest }) => manifest ?? [])
      const database = manifests.find((one) => one.kind === 'database')
      const others = manifests.filter((one) => one.kind !== 'database')
      // Of one that could not be read it is said why.
      const absent = all.filter(({ manifest }) => manifest === undefined).map(({ kind }) => kind)
      if (absent.includes('database')) faults.add(noneWords(place))
      if (identity) {
        for (const manifest of others) await look(() => checkKey({ place, manifest, identity, signal }))
      }
      const program = server && database && (await look(() => programFor({ server, database, env, signal })))
      const readable = { place, identity, signal }
      const list = database && (await look(() => listOf(database, program, readable)))
      return { database, others, absent, program, list, words: place.words }
    }),
  )
  const { database, others = [], absent = [], program, list, words = '' } = found ?? {}
  if (database) await look(() => checkOwner(env, database, words, signal))
  await look(() => checkFolder(env.RESTORE_DIR, settings.room.spare + largest(others)))
  if (server && database) await look(() => checkServerDisk(env, server, database, settings))
  if (faults.size > 0 || !identity || !server || !program || !database || list === undefined) {
    throw new Refused([...faults])
  }
  const extensions = new Set([...server.extensions].filter((name) => !settings.withoutExtensions.includes(name)))
  const rights = { superuser: server.superuser, extensions }
  return { identity, server, program, selection: select(list, rights), database, others, absent, words }
}

const noneWords = ({ words }: Place) =>
  `there is no backup of the database in ${words}: make one with npm run job -- backup, or check that this is the place`

/**
 * Whether it is a backup of the database that the jobs look after, where that can be asked: after a fire it cannot.
 * @throws Error saying whose it is
 */
const checkOwner = async (
  { JOBS_DATABASE_URL: url }: Env,
  { file, source }: ManifestOf<'database'>,
  words: string,
  signal: AbortSignal,
) => {
  const live = url === undefined ? undefined : await identify(url, signal).catch(() => undefined)
  if (!live || (live.systemIdentifier === source.systemIdentifier && live.database === source.database)) return
  throw new Error(
    `${file} of ${words} is a backup of the database ${source.database} in the cluster ${source.systemIdentifier}, and JOBS_DATABASE_URL leads to ${live.database} in ${live.systemIdentifier}. Set BACKUP_DIR and BACKUP_S3_PREFIX to where its own backups are, or take one of it`,
  )
}

const databaseIn = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1))

/** A name that could lead elsewhere is no name. */
const nameFaults = (
  { DATABASE_URL, JOBS_DATABASE_URL, RESTORE_DATABASE_URL }: Env,
  { database }: RestoreTestSettings,
) => [
  ...(/^[a-z_][a-z0-9_]{0,62}$/.test(database)
    ? []
    : [
        `${database} is no name for the scratch database: write up to 63 lower-case letters, digits and _ in config/restore-test.ts`,
      ]),
  ...[DATABASE_URL, JOBS_DATABASE_URL, RESTORE_DATABASE_URL]
    .filter((url) => url !== undefined && databaseIn(url) === database)
    .slice(0, 1)
    .map(
      () =>
        `the scratch database ${database} has the name of one that is in use: set another in config/restore-test.ts`,
    ),
]

const serverOf = async ({ RESTORE_DATABASE_URL: url }: Env, { database }: RestoreTestSettings, signal: AbortSignal) => {
  if (url === undefined) {
    throw new Error(
      'RESTORE_DATABASE_URL is missing: set it to a server on which a scratch database may be made, with a login that may: create role restore_test login createdb password ...',
    )
  }
  return lookAtServer({ url, database }, signal).catch((cause: unknown) => {
    throw new Error(
      `RESTORE_DATABASE_URL leads to no server that answers: ${wordsOf(cause)}. Check it, and the server`,
      {
        cause,
      },
    )
  })
}

const serverFaults = (server: ScratchServer, { database }: RestoreTestSettings) => {
  const { user, createsDatabases, standby, major, version, scratch } = server
  const old = `the server of RESTORE_DATABASE_URL is ${version}: a restore is tested on PostgreSQL ${eldest} or newer`
  const none = `the login ${user} of RESTORE_DATABASE_URL may not make databases: alter role ${user} createdb`
  return [
    ...(standby
      ? ['the server of RESTORE_DATABASE_URL is a standby, which makes no databases: set it to another']
      : []),
    ...(createsDatabases ? [] : [none]),
    ...(major >= eldest ? [] : [old]),
    ...(scratch === 'foreign' ? [foreignWords(database)] : []),
  ]
}

interface Finding {
  readonly server: ScratchServer
  readonly database: ManifestOf<'database'>
  readonly env: Env
  readonly signal: AbortSignal
}

/** Of the server's major, or of that of the dump where there is none. */
const programFor = async ({ server, database, env: { POSTGRES_BIN: folder }, signal }: Finding) => {
  const major = Number.parseInt(database.source.serverVersion, 10)
  if (server.major < major) {
    throw new Error(
      `the server of RESTORE_DATABASE_URL is of major ${server.major}, and the backup is of one of ${major}: set it to a server as new as that`,
    )
  }
  const find = (wanted: number) => findPostgresProgram({ name: 'pg_restore', major: wanted, folder, signal })
  return find(server.major).catch((cause: unknown) => {
    if (server.major === major) throw cause
    return find(major)
  })
}

interface Readable {
  readonly place: Place
  readonly identity: Identity | undefined
  readonly signal: AbortSignal
}

/** The table of contents; without a program at least whether the key is the right one. */
const listOf = async (
  manifest: ManifestOf<'database'>,
  program: PostgresProgram | undefined,
  { place, identity, signal }: Readable,
) => {
  if (!identity) return undefined
  await checkKey({ place, manifest, identity, signal })
  return program && readList(program.path, await openBackup({ place, manifest, identity, signal }), signal)
}

const largest = (others: Prepared['others']) =>
  Math.max(0, ...others.map((one) => (one.kind === 'redis' ? 0 : one.plainBytes)))

const here = ['localhost', '127.0.0.1', '[::1]', '']

/** What the restored database takes, as far as that can be known before. */
export const bytesOf = ({ plainBytes }: Manifest, { room }: RestoreTestSettings) => Math.ceil(plainBytes * room.growth)

/** Of a server on another machine nobody here can see the disk. */
export const diskOf = async ({ RESTORE_DATABASE_URL: url = '' }: Env, { dataFolder }: ScratchServer) => {
  if (dataFolder === undefined || !here.includes(new URL(url).hostname)) return undefined
  return (await stat(dataFolder).catch(() => undefined)) && freeBytes(dataFolder)
}

const checkServerDisk = async (env: Env, server: ScratchServer, database: Manifest, settings: RestoreTestSettings) => {
  const [free, bytes] = [await diskOf(env, server), bytesOf(database, settings) + settings.room.spare]
  if (free === undefined || free >= bytes) return
  throw new Error(
    `the disk of the server, ${resolve(server.dataFolder ?? '')}, has room for ${free} bytes, and the scratch database may need ${bytes}. Make room there, or set RESTORE_DATABASE_URL to another server`,
  )
}
