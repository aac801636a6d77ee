import type { Run } from '../job.ts'
import type { Permitted } from './ceilings.ts'

/** One server's part of the work. */
export interface Part {
  readonly steps: readonly string[]
  /** What may go, and what is over its ceiling and stays. */
  readonly kinds: readonly Permitted[]
  /** @returns what was done, a part of a sentence each */
  run(run: Run): Promise<readonly string[]>
}
