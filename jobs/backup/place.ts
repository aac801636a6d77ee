import type { Readable } from 'node:stream'
import { wordsOf } from '../../exporters/failure.ts'
import { type Kind, type Manifest, parseName, readManifest } from './manifest.ts'

export const placeNames = ['local', 'remote'] as const
export type PlaceName = (typeof placeNames)[number]

/** Something that is kept in a place, whatever it is. */
export interface Kept {
  /** Without the folder of its kind. */
  readonly name: string
  readonly bytes: number
}

/** Where backups are kept, for whoever reads them. A disk or a bucket. */
export interface Place {
  readonly place: PlaceName
  /** What it is, for people: `/var/backups`, `bucket techplus, below techplus/`. */
  readonly words: string
  /**
   * All that is kept of a kind, in no order, also what is no backup. Nothing where the folder is not there.
   * @throws Error naming what is wrong and what to do: no such bucket, no permission, nobody there
   */
  list(kind: Kind, signal: AbortSignal): Promise<readonly Kept[]>
  /**
   * The bytes of one of them, as they come. Ends with an error where they end too early, or `signal` aborts.
   * @throws Error as `list` does, also where there is none of that name
   */
  open(kind: Kind, name: string, signal: AbortSignal): Promise<Readable>
}

/** Bytes: a manifest of more is none of ours, and must not fill our memory. */
const longestManifest = 256 * 1024 ** 2

/** One whose manifest is there. */
export interface Complete {
  readonly kind: Kind
  /** Milliseconds of Unix time, to the second. */
  readonly taken: number
  /** The name of its manifest. */
  readonly manifest: string
}

/** Every backup of a kind that is complete, the newest first. Only names are looked at. */
export const completeIn = async (place: Place, kind: Kind, signal: AbortSignal): Promise<readonly Complete[]> =>
  (await place.list(kind, signal))
    .flatMap(({ name }) => {
      const named = parseName(name)
      return named?.kind === kind && named.part === 'manifest' ? [{ kind, taken: named.taken, manifest: name }] : []
    })
    .toSorted((a, b) => b.taken - a.taken)

/**
 * What a backup says of itself.
 * @throws Error naming the manifest, where it cannot be read or is damaged
 */
export const manifestIn = async (
  place: Place,
  { kind, manifest }: Complete,
  signal: AbortSignal,
): Promise<Manifest> => {
  const damaged = (why: string, cause?: unknown) =>
    new Error(`${manifest} of ${place.words} is damaged: ${why}`, { cause })
  const chunks: Buffer[] = []
  let taken = 0
  for await (const chunk of await place.open(kind, manifest, signal)) {
    chunks.push(chunk)
    taken += chunk.length
    if (taken > longestManifest) throw damaged(`it is longer than ${longestManifest} bytes`)
  }
  try {
    const read = readManifest(Buffer.concat(chunks).toString())
    if (read.kind !== kind) throw new Error(`it is one of ${read.kind}`)
    return read
  } catch (cause) {
    throw damaged(wordsOf(cause), cause)
  }
}
