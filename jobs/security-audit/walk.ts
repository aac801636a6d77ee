import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { isCode, wordsOf } from '../../exporters/failure.ts'

type Kind = 'file' | 'folder'

export interface Walked {
  /** What every user may write to. */
  readonly open: readonly { readonly path: string; readonly kind: Kind }[]
  readonly looked: number
  /** Folders of other file systems, which are not walked. */
  readonly elsewhere: readonly string[]
  /** What could not be looked at, and why. */
  readonly failures: readonly string[]
}

interface Options {
  readonly signal: AbortSignal
  progress(): void
  /** Files and folders until it gives up. */
  readonly most: number
}

const bit = { othersWrite: 0o002, sticky: 0o1000 } as const
/** Looked at side by side. */
const atOnce = 64

/**
 * Looks for what every user may write to: files, and folders where everybody may also remove what is another's. Symbolic
 * links are neither followed nor counted: they have no permissions. Names are bytes: one that is no text is looked at too.
 * @throws Error where the folder itself cannot be looked at
 */
export const walk = async (top: string, { signal, progress, most }: Options): Promise<Walked> => {
  const open: { path: string; kind: Kind }[] = []
  const [elsewhere, failures]: [string[], string[]] = [[], []]
  const root = await lstat(top)
  if (root.isSymbolicLink()) throw new Error('it is a symbolic link: name the folder that it leads to')
  let looked = 0
  const waiting: Buffer[] = []
  const consider = (path: Buffer, stats: Stats) => {
    looked += 1
    const others = (stats.mode & bit.othersWrite) !== 0
    if (stats.isFile() && others) open.push({ path: String(path), kind: 'file' })
    if (!stats.isDirectory()) return
    if (others && (stats.mode & bit.sticky) === 0) open.push({ path: String(path), kind: 'folder' })
    if (stats.dev === root.dev) waiting.push(path)
    else elsewhere.push(String(path))
  }
  const failed = (path: Buffer, cause: unknown) => {
    // It was there a moment ago.
    if (!isCode(cause, 'ENOENT') && !isCode(cause, 'ENOTDIR')) failures.push(`${path}: ${wordsOf(cause)}`)
  }
  consider(Buffer.from(top), root)
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal.throwIfAborted()
    progress()
    const inside = await namesIn(folder).catch((cause: unknown) => failed(folder, cause))
    for (const part of parts(inside ?? [])) {
      await Promise.all(
        part.map(async (name) => {
          const path = Buffer.concat([folder, slash, name])
          await lstat(path).then(
            (stats) => consider(path, stats),
            (cause: unknown) => failed(path, cause),
          )
        }),
      )
      signal.throwIfAborted()
      if (looked > most) {
        failures.push(
          `after ${most} files and folders it gave up: name smaller folders, or raise \`most\` in config/security.ts`,
        )
        return { open, looked, elsewhere, failures }
      }
    }
  }
  return { open, looked, elsewhere, failures }
}

const slash = Buffer.from('/')
const namesIn = (folder: Buffer) => readdir(folder, { encoding: 'buffer' })

const parts = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / atOnce) }, (_, at) => all.slice(at * atOnce, (at + 1) * atOnce))
