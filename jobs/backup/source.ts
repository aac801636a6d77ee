import type { Kind, ManifestOf } from './manifest.ts'
import type { Sealed } from './seal.ts'

/** What somebody who saves something is given. */
export interface Sealing {
  /** Compresses, encrypts and writes what comes; resolves when it is on the disk. Once. */
  seal(plain: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Sealed>
  readonly signal: AbortSignal
  progress(): void
}

/** What is known of a backup once it is written; the rest is told by who wrote it. */
export type Saved<K extends Kind> = K extends Kind
  ? Omit<ManifestOf<K>, 'version' | 'started' | 'ended' | 'file' | 'taken'> & {
      /** The moment of the data, in milliseconds of Unix time. */
      readonly taken: number
    }
  : never

/** Something that can be saved. */
export interface Source<K extends Kind = Kind> {
  readonly kind: K
  /** @throws Error saying what went wrong; what was written by then is of no use */
  save(sealing: Sealing): Promise<Saved<K>>
}
