import type { BackupSettings } from '../../config/backup.ts'
import { type Kind, parseName } from './manifest.ts'
import { type Kept, manifestIn, type Place } from './place.ts'

/** What is kept of one backup, whole or not. */
export interface Copy {
  /** Milliseconds of Unix time, to the second. */
  readonly taken: number
  readonly manifest?: string
  readonly file?: string
  /** Bytes of the file. */
  readonly bytes: number
}

/** Of all that is kept of a kind what has a name of ours, the newest first. */
export const copiesOf = (kind: Kind, kept: readonly Kept[]): readonly Copy[] => {
  const found = new Map<number, Copy>()
  for (const { name, bytes } of kept) {
    const named = parseName(name)
    if (named?.kind !== kind) continue
    const { taken, part } = named
    const before = found.get(taken) ?? { taken, bytes: 0 }
    found.set(taken, part === 'file' ? { ...before, file: name, bytes } : { ...before, manifest: name })
  }
  return [...found.values()].toSorted((a, b) => b.taken - a.taken)
}

/** One that is there whole, by its names. */
export type Whole = Copy & { readonly manifest: string; readonly file: string }
export const isWhole = (copy: Copy): copy is Whole => copy.manifest !== undefined && copy.file !== undefined

/** The newest that are good, so many at most: with a manifest that can be read, and of as many bytes as it tells. */
export const goodIn = async (
  place: Place,
  kind: Kind,
  { copies, most, signal }: { readonly copies: readonly Copy[]; readonly most: number; readonly signal: AbortSignal },
): Promise<readonly Whole[]> => {
  const good: Whole[] = []
  for (const copy of copies.filter(isWhole)) {
    if (good.length >= most) break
    const { manifest, taken, bytes } = copy
    const read = await manifestIn(place, { kind, manifest, taken }, signal).catch(() => undefined)
    signal.throwIfAborted()
    if (read?.bytes === bytes) good.push(copy)
  }
  return good
}

interface Keep {
  readonly days: number
  readonly least: BackupSettings['keep']['least']
  /** The newest good ones, as `goodIn` found them. */
  readonly good: readonly Copy[]
  readonly now: number
}

const day = 86_400_000

/** Those past their time, the oldest first. The newest good one is none of them, whatever its age and the settings. */
export const expired = (copies: readonly Copy[], { days, least, good, now }: Keep): readonly Copy[] => {
  const kept = new Set(good.slice(0, Math.max(1, least)).map(({ taken }) => taken))
  // Nothing is known to be good: nothing goes.
  if (kept.size === 0) return []
  return copies.filter(({ taken }) => now - taken > days * day && !kept.has(taken)).toReversed()
}

/** The middle of up to seven before the newest; undefined where there is none. */
export const usualSize = (copies: readonly Copy[]): number | undefined => {
  const sizes = copies
    .filter(isWhole)
    .slice(1, 8)
    .map(({ bytes }) => bytes)
    .toSorted((a, b) => a - b)
  const middle = Math.floor(sizes.length / 2)
  const [low, high] = [sizes[middle - 1], sizes[middle]]
  if (high === undefined) return undefined
  return sizes.length % 2 === 1 || low === undefined ? high : (low + high) / 2
}
