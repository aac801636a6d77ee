import type { Tell } from '../secret.ts'

/** Something that works or does not: the log hears of each change once. */
export interface State {
  /** @param words for the log, where it did not work before */
  good(words: string): void
  /** @param words for the log, where they are news */
  bad(words: string): void
  works(): boolean
}

export const stateTold = (tell: Tell, works = false): State => {
  let well = works
  let fault: string | undefined
  return {
    good: (words) => {
      if (fault !== undefined) tell(words)
      fault = undefined
      well = true
    },
    bad: (words) => {
      if (words !== fault) tell(words)
      fault = words
      well = false
    },
    works: () => well,
  }
}
