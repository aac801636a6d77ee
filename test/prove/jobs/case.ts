import type { workshop } from '../../integration/servers.ts'

/** Where the servers of a case run; all are gone after its end. */
export type Shop = ReturnType<typeof workshop>

/** What came of a case. */
export interface Proven {
  /** What was done to what, such as `killed 12 times while pg_dump wrote`. */
  readonly what: string
  /** What there was before, and after: `40 000 reservations before, 40 000 after; 1 backup before, 2 after the next run`. */
  readonly counts: string
  /** What was promised and not kept. */
  readonly faults: readonly string[]
}

/**
 * One fault that meets a job, on real servers. Files of this folder export `cases: readonly Case[]`, and are found by that;
 * what ends in `-child.ts` is a program of its own, and is not looked into.
 */
export interface Case {
  /** As a part of a sentence, and one of its kind: `backup: kill -9 during the upload`. */
  readonly name: string
  /** @throws Error where the case itself could not be played, which is a fault too */
  prove(shop: Shop): Promise<Proven>
}
