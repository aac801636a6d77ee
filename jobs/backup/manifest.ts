import { z } from 'zod'

/** What is saved, each kind for itself. */
export const kinds = ['database', 'redis', 'files', 'configuration'] as const
export type Kind = (typeof kinds)[number]

/** What the bytes are before they are compressed: of pg_dump's custom format, of Redis' snapshot, or of tar. */
const extensions = { database: 'dump', redis: 'rdb', files: 'tar', configuration: 'tar' } as const satisfies Record<
  Kind,
  string
>

const moment = z.iso.datetime()
const bytes = z.int().nonnegative()
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256')

const common = {
  version: z.literal(1),
  /** The moment of the data: of the snapshot, not of the end of the work. */
  taken: moment,
  started: moment,
  ended: moment,
  /** The name of the file beside it, with what is described here. */
  file: z.string(),
  /** Of the file as it is kept: compressed and encrypted. */
  bytes,
  sha256: digest,
  /** Of what was saved, before it was compressed. */
  plainBytes: bytes,
  plainSha256: digest,
  /** What wrote it, with its version: `pg_dump 17.11`. */
  program: z.string(),
}

/** Rows as the snapshot saw them. Names of constraints and indexes as `jobs/backup/contents.ts` writes them. */
const databaseContents = z.object({
  tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: z.int().nonnegative() })),
  constraints: z.array(z.string()),
  /** Those of them that were declared NOT VALID, and never were validated. */
  unvalidated: z.array(z.string()),
  indexes: z.array(z.string()),
  /** Those of them that no query may use. pg_dump leaves them out. */
  invalid: z.array(z.string()),
  /** When the newest reservation was made; null where there is none, or it is not known. */
  newestReservation: moment.nullable(),
})

const files = z.array(
  z.object({
    /** As in the archive: relative to nothing, with / between names. */
    path: z.string(),
    bytes,
    sha256: digest,
    /** Permissions, as `stat` has them without the type: 0o640. */
    mode: z.int().min(0).max(0o7777),
  }),
)

/** A symbolic link, and what it leads to, as it stands in it: nobody follows it. */
const links = z.array(z.object({ path: z.string(), target: z.string() }))

/** What an archive of folders holds besides the folders. */
const tree = {
  source: z.object({ folders: z.array(z.string()) }),
  contents: files,
  /** Backups of before tell nothing of them. */
  links: links.optional(),
}

const manifest = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('database'),
    source: z.object({ systemIdentifier: z.string(), database: z.string(), serverVersion: z.string() }),
    contents: databaseContents,
  }),
  z.object({
    ...common,
    kind: z.literal('redis'),
    source: z.object({ runId: z.string(), replicationId: z.string(), serverVersion: z.string() }),
    /** How many keys each of its databases had, by number. */
    contents: z.object({ keys: z.record(z.string(), z.int().nonnegative()) }),
  }),
  z.object({
    ...common,
    kind: z.literal('files'),
    ...tree,
  }),
  z.object({
    ...common,
    kind: z.literal('configuration'),
    ...tree,
  }),
])

/** What a backup says of itself. It is written last: where it is, the backup is complete. */
export type Manifest = Readonly<z.infer<typeof manifest>>
export type ManifestOf<K extends Kind> = Extract<Manifest, { kind: K }>
export type DatabaseContents = Readonly<z.infer<typeof databaseContents>>
export type SavedFile = Readonly<z.infer<typeof files>[number]>
export type SavedLink = Readonly<z.infer<typeof links>[number]>

/** @throws Error saying what is wrong with it, without a word of what it holds */
export const readManifest = (text: string): Manifest => {
  const parsed = manifest.safeParse(parsedJson(text))
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join(', '))
  }
  const { file, kind, taken } = parsed.data
  const own = namesOf(kind, Date.parse(taken)).file
  if (file !== own) throw new Error(`it describes another file than ${own}`)
  return parsed.data
}

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is no JSON')
  }
}

export const writeManifest = (given: Manifest): string => `${JSON.stringify(given, undefined, 1)}\n`

/** What the two files of a backup are called. */
export interface Names {
  readonly file: string
  readonly manifest: string
}

/** @param taken the moment of the data, in milliseconds of Unix time; names tell seconds */
export const namesOf = (kind: Kind, taken: number): Names => {
  const stamp = new Date(taken).toISOString().replace(/[-:]|\.\d+/g, '')
  return { file: `${kind}-${stamp}.${extensions[kind]}.gz.age`, manifest: `${kind}-${stamp}.manifest.json` }
}

/** What a name in a store of backups says. */
export interface Named {
  readonly kind: Kind
  /** Milliseconds of Unix time, to the second. */
  readonly taken: number
  readonly part: keyof Names
}

const shape = /^(?<kind>[a-z]+)-(?<stamp>\d{8}T\d{6}Z)\.(?<rest>[a-z.]+)$/
const stampShape = /^(....)(..)(..)T(..)(..)(..)Z$/

/** Undefined where the name is none of a backup: it is somebody else's, or one that is not complete. */
export const parseName = (name: string): Named | undefined => {
  const { kind: word = '', stamp = '' } = shape.exec(name)?.groups ?? {}
  const kind = kinds.find((one) => one === word)
  const taken = Date.parse(stamp.replace(stampShape, '$1-$2-$3T$4:$5:$6Z'))
  if (kind === undefined || Number.isNaN(taken)) return undefined
  const names = namesOf(kind, taken)
  if (name === names.file) return { kind, taken, part: 'file' }
  return name === names.manifest ? { kind, taken, part: 'manifest' } : undefined
}
