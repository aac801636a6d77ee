import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'
import { Refused } from '../job.ts'
import { folderPlace, unfinished } from './folder.ts'
import { type Kind, kinds } from './manifest.ts'
import { noteText, type OwnerNote, readOwner } from './notes.ts'
import type { Bucket } from './s3.ts'

/** What initdb gave the cluster, which another one has not, and a standby has as well; and the database in it. */
export type Owner = Omit<OwnerNote, 'version'>

/** Stands beside the backups of each kind. */
export const ownerFile = 'identity.json'

const textOf = ({ systemIdentifier, database }: Owner) => noteText({ version: 1, systemIdentifier, database })

const localText = (path: string) =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return undefined
    throw new Error(`could not read ${path}: ${wordsOf(cause)}. Give this user the right to`, { cause })
  })

interface Place {
  /** For people. */
  readonly words: string
  /** How to have another one. */
  readonly variable: string
  pathOf(kind: Kind): string
  read(kind: Kind): Promise<string | undefined>
  isEmpty(): Promise<boolean>
}

const localOf = (folder: string, signal: AbortSignal): Place => ({
  words: folder,
  variable: 'BACKUP_DIR',
  pathOf: (kind) => join(folder, kind, ownerFile),
  read: (kind) => localText(join(folder, kind, ownerFile)),
  isEmpty: async () => {
    const all = await Promise.all(kinds.map((kind) => folderPlace(folder).list(kind, signal)))
    // What a run left that was killed before it could say whose they are is nobody's.
    return all.flat().every(({ name }) => name.startsWith(unfinished) || name === `${ownerFile}.new`)
  },
})

const remoteOf = (bucket: Bucket, signal: AbortSignal): Place => ({
  words: bucket.words,
  variable: 'BACKUP_S3_PREFIX',
  pathOf: (kind) => `${kind}/${ownerFile} of ${bucket.words}`,
  read: (kind) => bucket.read(kind, ownerFile, signal),
  isEmpty: () => bucket.isEmpty(signal),
})

/** Whose backups of each kind are there, as far as that is said. */
const notesIn = async (place: Place) =>
  (await Promise.all(kinds.map(async (kind) => ({ kind, text: await place.read(kind) })))).filter(
    ({ text }) => text !== undefined,
  )

/** What is wrong with one place: it belongs to another database, or nobody knows to whom. */
const faultsIn = async (owner: Owner, place: Place): Promise<readonly string[]> => {
  const other = `Set ${place.variable} to one of its own`
  const before = await notesIn(place)
  const nobodys = before.length === 0 && !(await place.isEmpty())
  // What is there now may be of a job that begins beside this one: it says whose it is before it writes anything else.
  const known = nobodys ? await notesIn(place) : before
  if (nobodys && known.length === 0) {
    return [
      `${place.words} holds something, and nothing says that it is of the database ${owner.database}. ${other}; or, where it is its own, write ${textOf(owner).trim()} into ${place.pathOf('database')}`,
    ]
  }
  return known.flatMap(({ kind, text = '' }) => {
    const found = readOwner(text)
    if (!found) return [`${place.pathOf(kind)} is damaged: write ${textOf(owner).trim()} into it, or ${other}`]
    if (found.systemIdentifier === owner.systemIdentifier && found.database === owner.database) return []
    return [
      `${place.words} holds backups of another database: ${place.pathOf(kind)} tells of ${found.database} in the cluster ${found.systemIdentifier}, and JOBS_DATABASE_URL leads to ${owner.database} in ${owner.systemIdentifier}. ${other}; or, where the cluster was restored or upgraded and goes on from there, remove that file`,
    ]
  })
}

/** What is wrong with the places where backups of this database are to go. */
export const ownerFaults = async (
  owner: Owner,
  folder: string,
  bucket: Bucket | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const places = [localOf(folder, signal), ...(bucket ? [remoteOf(bucket, signal)] : [])]
  return (await Promise.all(places.map((place) => faultsIn(owner, place)))).flat()
}

interface Claim {
  readonly owner: Owner
  readonly kind: Kind
  readonly folder: string
  readonly bucket: Bucket | undefined
  readonly signal: AbortSignal
}

/**
 * Says whose backups of this kind are kept where. In the bucket it is written each time: whether we may write there is
 * found out before there is anything to send.
 * @throws Refused where somebody else said so meanwhile
 * @throws Error naming what is not allowed
 */
export const claim = async ({ owner, kind, folder, bucket, signal }: Claim): Promise<void> => {
  const faults = await ownerFaults(owner, folder, bucket, signal)
  if (faults.length > 0) throw new Refused(faults)
  const path = join(folder, kind, ownerFile)
  if ((await localText(path)) === undefined) {
    await replaceFile(path, textOf(owner))
    await syncFolder(path)
  }
  await bucket?.write(kind, ownerFile, textOf(owner), signal)
}
