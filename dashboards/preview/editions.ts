import { createHash } from 'node:crypto'
import type { Listed } from './page/model.ts'

/** The dashboards as their source had them when it last was whole. */
export interface Edition {
  readonly dashboards: readonly Listed[]
  /** The same for the same dashboards, whoever serves them. */
  readonly version: string
  /** Why the source gives none now. */
  readonly fault?: string
}

export interface Editions {
  readonly current: () => Edition
  /** Returns what ends it. */
  readonly subscribe: (listener: (edition: Edition) => void) => () => void
}

interface Published extends Editions {
  readonly publish: (dashboards: readonly Listed[]) => void
  /** Those that were published last stay. */
  readonly fail: (fault: string) => void
}

const editionOf = (dashboards: readonly Listed[]): Edition => ({
  dashboards,
  version: createHash('sha256').update(JSON.stringify(dashboards)).digest('hex').slice(0, 16),
})

/** Tells whoever listens of each new edition, and of what keeps one from being made. */
export const editions = (first: readonly Listed[]): Published => {
  let edition = editionOf(first)
  const listeners = new Set<(edition: Edition) => void>()
  const take = (next: Edition) => {
    edition = next
    for (const listener of listeners) listener(edition)
  }
  return {
    current: () => edition,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish: (dashboards) => take(editionOf(dashboards)),
    fail: (fault) => take({ ...edition, fault }),
  }
}
