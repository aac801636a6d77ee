import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Extract, extract } from 'tar-stream'
import { wordsOf } from '../../exporters/failure.ts'
import { writeAll } from '../../exporters/replace-file.ts'
import type { Fault, Unpacked } from './faults.ts'

interface Options {
  readonly plain: Readable
  /** New and empty: what is in it is nobody's but ours. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly progress: () => void
}

interface Archive {
  /** By their paths in the archive, read again from the disk. */
  readonly files: ReadonlyMap<string, Unpacked>
  /** What was not unpacked, and why. */
  readonly faults: readonly Fault[]
  /** Symbolic links in it, by their paths, and what they lead to: they are not made. */
  readonly links: ReadonlyMap<string, string>
}

/** Undefined where the name would lead out of the folder, or is none. */
const inside = (folder: string, name: string): string | undefined => {
  const parts = name.replace(/\/$/, '').split('/')
  const odd = (part: string) => part === '' || part === '.' || part === '..' || part.includes('\0')
  return parts.some(odd) ? undefined : join(folder, ...parts)
}

/**
 * Unpacks an archive of tar. Files and folders are made, and nothing else: as there are no links in the folder, no name
 * leads out of it.
 * @throws Error where the archive ends too early or is none, and whatever ends `plain`
 */
export const unpack = async ({ plain, folder, signal, progress }: Options): Promise<Archive> => {
  const faults: Fault[] = []
  const written = new Map<string, { readonly path: string; readonly mode: number }>()
  const links = new Map<string, string>()
  const refuse = (words: string) => void faults.push({ fault: 'files', words })
  const archive = extract()
  const take = async (entry: Entry) => {
    const { name, type, linkname, mode = 0 } = entry.header
    const path = inside(folder, name)
    if (type === 'symlink') links.set(name, linkname ?? '')
    else if (path === undefined) refuse(`the archive has a name that leads out of it, and was not unpacked: ${name}`)
    else if (type === 'directory') await mkdir(path, { recursive: true, mode: 0o700 })
    else if (type !== 'file' && type !== 'contiguous-file') refuse(`${name} is no file, and was not unpacked: ${type}`)
    else {
      try {
        await write(path, entry, progress)
        written.set(name, { path, mode: mode & 0o7777 })
      } catch (cause) {
        if (!isTwice(cause)) throw cause
        refuse(`${name} is in the archive twice, or is in the way of another: ${wordsOf(cause)}`)
      }
    }
    entry.resume()
  }
  const taking = async () => {
    for await (const entry of archive) await take(entry)
  }
  const taken = taking()
  try {
    // Whatever is behind the end of the archive is read as well: the backup is checked at its own end.
    await Promise.all([pipeline(plain, archive, { signal }), taken])
  } finally {
    // The folder is removed behind this: nothing may be written into it any more.
    await taken.catch(() => undefined)
  }
  const files = new Map<string, Unpacked>()
  for (const [name, { path, mode }] of written) {
    signal.throwIfAborted()
    files.set(name, { ...(await digestOf(path, progress)), mode })
  }
  return { files, faults, links }
}

type Entry = Extract extends AsyncIterable<infer T> ? T : never

const isTwice = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && ['EEXIST', 'EISDIR', 'ENOTDIR'].includes(String(cause.code))

/** For nobody but us, whatever the archive says: it may be a key, and it may have been for root to run. */
const write = async (path: string, content: AsyncIterable<unknown>, progress: () => void) => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'wx', 0o600)
  try {
    let bytes = 0
    for await (const chunk of content) {
      if (!(chunk instanceof Uint8Array)) continue
      await writeAll(file, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), bytes)
      bytes += chunk.length
      progress()
    }
  } finally {
    await file.close()
  }
}

const digestOf = async (path: string, progress: () => void) => {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    hash.update(chunk)
    bytes += chunk.length
    progress()
  }
  return { bytes, sha256: hash.digest('hex') }
}
