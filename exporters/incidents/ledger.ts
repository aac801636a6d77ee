import type { Book } from './book.ts'
import type { Incident } from './incident.ts'

/** What changes, given what is known: incidents as they are to be. It may be asked again, and for the last time decides. */
export type Decide = (book: Book) => readonly Incident[]

/**
 * Keeps incidents where they outlast the process. One change at a time, each whole or not at all.
 */
export interface Ledger {
  /** As it was after the last change. Undefined until it could be read. */
  readonly book: Book | undefined
  /**
   * Resolves once what `decide` returns is kept for good, also should the machine lose power now; to false where
   * nothing was written, as nothing changed.
   * @throws Error where it is not certain: whoever brought the news is to bring it again
   */
  change(decide: Decide): Promise<boolean>
  /**
   * Resolves where a change could be kept now, and leaves none behind.
   * @throws Error where none could
   */
  probe(): Promise<void>
  close(): Promise<void>
}

/** Runs one piece of work after the other, in the order in which they come. */
export const oneByOne = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => T | Promise<T>): Promise<T> => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
