import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BackupSettings } from '../../config/backup.ts'
import { type FolderLock, lockFolder } from '../../exporters/folder-lock.ts'
import { syncFolder } from '../../exporters/replace-file.ts'
import type { Run } from '../job.ts'
import { type Copy, copiesOf } from './copies.ts'
import type { Recipient } from './encryption.ts'
import { folderPlace, unfinished } from './folder.ts'
import { type Kind, type Manifest, namesOf, readManifest, writeManifest } from './manifest.ts'
import { seal, verifyFile } from './seal.ts'
import type { Source } from './source.ts'

/** Nobody else of this machine is to read what is encrypted, or to see what there is. */
const folderMode = 0o700

/**
 * The folder of a kind, made where it is not there, and nobody else's while the lock is held.
 * @throws FolderTaken where another run uses it
 */
export const lockKind = async (folder: string, kind: Kind): Promise<FolderLock> => {
  const own = join(folder, kind)
  await mkdir(own, { recursive: true, mode: folderMode })
  await chmod(own, folderMode)
  return lockFolder(own, {
    socket: 'run.sock',
    taken: [`another backup of ${kind} is under way`, 'wait for its end, or stop that process'],
    variable: 'BACKUP_DIR',
  })
}

/**
 * Removes what a killed run left: what was never whole, and files without a manifest. Only whoever holds the lock may.
 * @returns how many files it was
 */
export const sweepKind = async (folder: string, kind: Kind, signal: AbortSignal): Promise<number> => {
  const own = join(folder, kind)
  const begun = (await readdir(own)).filter((name) => name.startsWith(unfinished))
  const copies = copiesOf(kind, await folderPlace(folder).list(kind, signal))
  const lone = copies.flatMap(({ file, manifest }) => (file !== undefined && manifest === undefined ? [file] : []))
  for (const name of [...begun, ...lone]) await rm(join(own, name), { force: true })
  return begun.length + lone.length
}

/** The manifest goes first: what is left of a removal that was cut short is no backup any more, and is swept. */
export const removeCopy = async (folder: string, kind: Kind, { manifest, file }: Copy): Promise<void> => {
  for (const name of [manifest, file]) if (name !== undefined) await rm(join(folder, kind, name), { force: true })
}

interface Options {
  readonly folder: string
  readonly source: Source
  readonly recipient: Recipient
  readonly settings: BackupSettings
  readonly run: Run
}

/**
 * Saves something to the disk. It has its names only once it is complete, on the disk, and was read again.
 * @returns what its manifest tells
 * @throws Error saying what went wrong; nothing is left of it then
 */
export const saveLocally = async ({ folder, source, recipient, settings, run }: Options): Promise<Manifest> => {
  const { kind } = source
  const own = join(folder, kind)
  await freeSecond(folder, kind, run.signal)
  const started = new Date().toISOString()
  const draft = (part: string) => join(own, `${unfinished}${kind}-${randomBytes(4).toString('hex')}.${part}`)
  const [file, manifestFile] = [draft('sealed'), draft('manifest')]
  const { progress, signal } = run
  try {
    const { taken, ...saved } = await source.save({
      signal,
      progress,
      seal: (from, either) =>
        seal({ from, to: file, recipient, compression: settings.compression, signal: either, progress }),
    })
    run.step(`${kind}: reading ${saved.bytes} bytes again`)
    await verifyFile(file, saved, { signal, progress })
    const names = namesOf(kind, taken)
    const moments = { taken: new Date(taken).toISOString(), started, ended: new Date().toISOString() }
    // Checked as whoever restores it will read it.
    const manifest = readManifest(JSON.stringify({ ...saved, ...moments, version: 1, file: names.file }))
    await writeDurably(manifestFile, writeManifest(manifest))
    signal.throwIfAborted()
    await named(file, join(own, names.file))
    await named(manifestFile, join(own, names.manifest))
    await syncFolder(join(own, names.manifest))
    return manifest
  } finally {
    for (const path of [file, manifestFile]) await rm(path, { force: true })
  }
}

/** Gives a file its name, unless one has it already: that would be gone without a word. */
const named = async (draft: string, path: string) => {
  if (await stat(path).catch(() => undefined)) {
    throw new Error(`${path} is there already: the clock was set back, or it is another's`)
  }
  await rename(draft, path)
}

const writeDurably = async (path: string, text: string) => {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Names tell seconds: the next backup waits for the end of the last one's. */
const freeSecond = async (folder: string, kind: Kind, signal: AbortSignal) => {
  const [newest] = copiesOf(kind, await folderPlace(folder).list(kind, signal))
  const wait = (newest?.taken ?? 0) + 1_000 - Date.now()
  if (wait > 0 && wait <= 1_000) await delay(wait, undefined, { signal })
}
