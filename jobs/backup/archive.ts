import { createHash } from 'node:crypto'
import type { Dirent, Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { pack } from 'tar-stream'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import type { SavedFile, SavedLink } from './manifest.ts'
import type { Source } from './source.ts'

/** A file, a folder or a symbolic link below what is saved. */
interface Found {
  readonly path: string
  readonly stats: Stats
}

/** What there is to save. */
export interface Tree {
  /** As they were given, made absolute. */
  readonly roots: readonly string[]
  readonly files: number
  readonly bytes: number
}

/**
 * Everything below some folders, each folder before what is in it. Sockets, pipes and devices are left out: they hold
 * nothing. Symbolic links are saved as links, and not followed.
 * @throws Error naming what is not there or cannot be read
 */
async function* walk(path: string, leaveOut: readonly string[]): AsyncGenerator<Found> {
  const stats = await lstat(path)
  if (stats.isFile() || stats.isSymbolicLink()) return yield { path, stats }
  if (!stats.isDirectory()) return
  yield { path, stats }
  const entries: Dirent[] = await readdir(path, { withFileTypes: true })
  for (const { name } of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (leaveOut.includes(name)) continue
    // One that was removed meanwhile need not be saved any more.
    yield* vanishing(walk(join(path, name), leaveOut))
  }
}

async function* vanishing(found: AsyncGenerator<Found>): AsyncGenerator<Found> {
  try {
    yield* found
  } catch (cause) {
    if (!isCode(cause, 'ENOENT')) throw cause
  }
}

export const rootsOf = (list: string): readonly string[] =>
  list
    .split(':')
    .filter(Boolean)
    .map((one) => resolve(one))

/**
 * Looks at all that would be saved, without opening it.
 * @throws Error naming what is not there or may not be read, with what to do
 */
export const measureTree = async (
  roots: readonly string[],
  leaveOut: readonly string[],
  signal: AbortSignal,
): Promise<Tree> => {
  let [files, bytes] = [0, 0]
  for (const root of roots) {
    try {
      for await (const { path, stats } of walk(root, leaveOut)) {
        signal.throwIfAborted()
        if (!stats.isFile()) continue
        await (await open(path, 'r').catch(absent))?.close()
        files++
        bytes += stats.size
      }
    } catch (cause) {
      signal.throwIfAborted()
      throw new Error(
        `could not read all of ${root}: ${wordsOf(cause)}. Give this user the right to, or leave it out`,
        { cause },
      )
    }
  }
  return { roots, files, bytes }
}

interface Options {
  readonly kind: 'files' | 'configuration'
  readonly roots: readonly string[]
  readonly leaveOut: readonly string[]
}

/** What went into an archive, as its manifest is to tell it. */
interface Told {
  readonly contents: SavedFile[]
  readonly links: SavedLink[]
}

/** Folders as tar. What the manifest tells of a file is of the very bytes that went into the archive. */
export const treeSource = ({ kind, roots, leaveOut }: Options): Source<'files' | 'configuration'> => ({
  kind,
  save: async ({ seal, signal, progress }) => {
    const taken = Date.now()
    const archive = pack()
    const told: Told = { contents: [], links: [] }
    const filling = fill(archive, { roots, leaveOut, signal, told, progress })
    // Whoever reads the archive is told by its stream.
    filling.catch((cause: unknown) => archive.destroy(cause instanceof Error ? cause : new Error(String(cause))))
    const sealed = await seal(bytesOf(archive), signal)
    await filling
    const common = { ...sealed, taken, program: 'tar-stream', source: { folders: [...roots] }, ...told }
    return kind === 'files' ? { ...common, kind } : { ...common, kind }
  },
})

interface Filling extends Pick<Options, 'roots' | 'leaveOut'> {
  readonly signal: AbortSignal
  readonly told: Told
  readonly progress: () => void
}

type Pack = ReturnType<typeof pack>

const fill = async (archive: Pack, { roots, leaveOut, signal, told, progress }: Filling) => {
  for (const root of roots) {
    for await (const { path, stats } of walk(root, leaveOut)) {
      signal.throwIfAborted()
      await add(archive, { path, stats }, told)
      progress()
    }
  }
  archive.finalize()
}

async function* bytesOf(archive: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of archive) if (chunk instanceof Uint8Array) yield chunk
}

/** Without the slash at its beginning, as tar has it: it is unpacked wherever somebody likes. */
const nameOf = (path: string) => path.split(sep).filter(Boolean).join('/')

const add = async (archive: Pack, { path, stats }: Found, { contents, links }: Told): Promise<void> => {
  const mode = stats.mode & 0o7777
  const header = { name: nameOf(path), mode, mtime: stats.mtime, uid: stats.uid, gid: stats.gid }
  if (stats.isDirectory()) return entry(archive, { ...header, type: 'directory' })
  if (stats.isSymbolicLink()) {
    const linkname = await readlink(path).catch(absent)
    if (linkname === undefined) return
    await entry(archive, { ...header, type: 'symlink', linkname })
    return void links.push({ path: header.name, target: linkname })
  }
  const file = await open(path, 'r').catch(absent)
  if (!file) return
  try {
    // Of the file that was opened: another may have taken its place.
    const { size } = await file.stat()
    contents.push(await addFile(archive, { file, path, size, header }))
  } finally {
    await file.close()
  }
}

const absent = (cause: unknown) => {
  if (isCode(cause, 'ENOENT')) return undefined
  throw cause
}

const entry = (archive: Pack, header: Parameters<Pack['entry']>[0]) =>
  new Promise<void>((done, fail) => {
    archive.entry(header, (cause) => (cause ? fail(cause) : done()))
  })

interface Adding {
  readonly file: FileHandle
  readonly path: string
  readonly size: number
  readonly header: { readonly name: string; readonly mode: number }
}

/** Exactly as many bytes as its header tells: one that grows meanwhile is saved as it was. */
const addFile = async (archive: Pack, { file, path, size, header }: Adding): Promise<SavedFile> => {
  const hash = createHash('sha256')
  const ended = new Promise<void>((done, fail) => {
    const sink = archive.entry({ ...header, size, type: 'file' }, (cause) => (cause ? fail(cause) : done()))
    const copy = async () => {
      let taken = 0
      while (taken < size) {
        const bytes = Buffer.alloc(Math.min(256 * 1024, size - taken))
        const { bytesRead } = await file.read(bytes, 0, bytes.length, taken)
        if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
        const chunk = bytes.subarray(0, bytesRead)
        hash.update(chunk)
        taken += bytesRead
        if (!sink.write(chunk)) await drained(sink)
        if (sink.destroyed) return
      }
      sink.end(undefined)
    }
    copy().catch((cause: unknown) => sink.destroy(cause instanceof Error ? cause : new Error(String(cause))))
  })
  await ended
  return { path: header.name, bytes: size, sha256: hash.digest('hex'), mode: header.mode }
}

/** Or nobody takes any more. */
const drained = (sink: ReturnType<Pack['entry']>) =>
  new Promise<void>((resume) => {
    sink.once('drain', () => resume())
    sink.once('close', () => resume())
  })
