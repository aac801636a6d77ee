import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupSettings } from '../../config/backup.ts'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'
import type { Run } from '../job.ts'
import { type Copy, copiesOf } from './copies.ts'
import { type Kind, type Manifest, namesOf, parseName, writeManifest } from './manifest.ts'
import { noteText, readSending, type SendingNote } from './notes.ts'
import type { Bucket, Upload } from './s3.ts'
import { verify } from './seal.ts'

const noteOf = (folder: string, kind: Kind) => join(folder, kind, 'upload.json')

const writeNote = async (path: string, content: SendingNote) => {
  await replaceFile(path, noteText(content))
  await syncFolder(path)
}

interface Sending {
  readonly bucket: Bucket
  readonly folder: string
  readonly manifest: Manifest
  readonly run: Run
}

/**
 * Sends a backup that is on the disk, reads it back, and sends its manifest last. It is read back whole, because a
 * length and a checksum that the server only repeats prove nothing: some keep whatever checksum they are told.
 * @throws Error saying what went wrong; there is no manifest of it in the bucket then
 */
export const sendBackup = async ({ bucket, folder, manifest, run }: Sending): Promise<void> => {
  const { kind, file: name, bytes, sha256, taken } = manifest
  const { signal, progress } = run
  const path = noteOf(folder, kind)
  const told = { version: 1, to: bucket.words, name } as const
  await writeNote(path, told)
  run.step(`${kind}: sending ${name} (${bytes} bytes) to ${bucket.words}`)
  const begun = ({ id }: Upload) => writeNote(path, { ...told, id })
  await bucket.send(kind, { name, path: join(folder, kind, name), bytes, sha256, begun, progress }, signal)
  run.step(`${kind}: reading ${name} back from ${bucket.words}`)
  try {
    await verify(await bucket.open(kind, name, signal), { bytes, sha256 }, `${name} of ${bucket.words}`, run)
    const manifestName = namesOf(kind, Date.parse(taken)).manifest
    const text = writeManifest(manifest)
    await bucket.write(kind, manifestName, text, signal)
    if ((await bucket.read(kind, manifestName, signal)) !== text) {
      await bucket.remove(kind, manifestName, signal)
      throw new Error(`${manifestName} of ${bucket.words} is not what was written`)
    }
  } catch (cause) {
    // Without a manifest it is no backup, and with what is wrong it is not to become one.
    await bucket.remove(kind, name, AbortSignal.timeout(10_000)).catch(() => undefined)
    throw cause
  }
  await rm(path, { force: true })
}

/**
 * Removes what killed runs left in the bucket: what the last one of here was sending, at once; uploads and files without
 * a manifest that others may have left only once no run can be under way any more.
 * @returns how many things it was
 */
export const sweepBucket = async (
  { bucket, folder, kind, run }: { bucket: Bucket; folder: string; kind: Kind; run: Run },
  { abandonedMinutes }: BackupSettings['upload'],
): Promise<number> => {
  const { signal } = run
  const path = noteOf(folder, kind)
  const left = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return undefined
    throw cause
  })
  const own = left === undefined ? undefined : readSending(left)
  let removed = 0
  // What stays costs room in the bucket, and is no reason to go without a backup: a key may not be allowed to remove.
  const without = async (work: Promise<void>) => {
    try {
      await work
      removed++
    } catch (cause) {
      signal.throwIfAborted()
      run.failure(`${kind}: ${wordsOf(cause)}`)
    }
  }
  if (own?.id !== undefined && own.to === bucket.words)
    await without(bucket.abandon(kind, { name: own.name, id: own.id }, signal))
  const before = Date.now() - abandonedMinutes * 60_000
  for (const upload of await bucket.unfinished(kind, signal)) {
    if (upload.began > before || parseName(upload.name)?.kind !== kind) continue
    await without(bucket.abandon(kind, upload, signal))
  }
  const [kept, ages] = await Promise.all([bucket.list(kind, signal), bucket.ages(kind, signal)])
  for (const { file, manifest } of copiesOf(kind, kept)) {
    if (file === undefined || manifest !== undefined) continue
    if (file !== own?.name && (ages.get(file) ?? before) >= before) continue
    await without(bucket.remove(kind, file, signal))
  }
  await rm(path, { force: true })
  return removed
}

/** The manifest goes first, as on the disk. */
export const removeSent = async (bucket: Bucket, kind: Kind, { manifest, file }: Copy, signal: AbortSignal) => {
  for (const name of [manifest, file]) if (name !== undefined) await bucket.remove(kind, name, signal)
}
