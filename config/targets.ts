import type { Env, UrlVariable } from './env.ts'

/** How often every target is scraped and every rule evaluated: nothing that is shown changes faster. */
export const scrapeInterval = '15s'

/** What the exporter can read: one folder of collectors each. */
export type Kind = ServerKind | FolderKind
export type ServerKind = 'postgres' | 'redis' | 'reservations'
export type FolderKind = 'jobs'

/**
 * Who scrapes it, and where its series are kept: the Prometheus of this stack, or a pair of agents that keep nothing and write
 * what rules and dashboards read to a Mimir. As soon as one is written there, all rules are evaluated there: docs/mimir.md.
 */
export type Storage = 'local' | 'remote-write'
export interface Stored {
  /** `local` where it is left out. */
  readonly storage?: Storage
}

/** What Mimir knows this stack by. */
export const remoteWrite = {
  /** Whose series they are, and whose rules. */
  tenant: 'techplus',
  /** What the agents of a pair have in common. Another pair that writes for the same tenant needs another. */
  cluster: 'techplus',
  /** How long Mimir keeps them: at least as long as promises are judged over, and a year to compare with. */
  retention: '400d',
} as const

/** A source the exporter reads. Its name is the `instance` of every series and the last part of the scrape's path. */
export interface Target extends Stored {
  readonly words: string
  /** The variable that holds its URL, so that no credential stands in a scrape configuration. */
  readonly url: UrlVariable
  /** What is read from it; each is a scrape of its own: `/metrics/<kind>/<target>`. */
  readonly kinds: readonly ServerKind[]
  /** How many are shown one by one, of each database; the rest is summed into one more series. `Infinity` shows all. */
  readonly limits: Limits
  /** Seconds between two times that sizes of files, bloat and the like are found: they cost too much for every scrape. */
  readonly surveySeconds: number
  /** Databases of the same server that are read besides the URL's, by name: all that match one of `allow` and none of `deny`. */
  readonly databases?: { readonly allow: readonly RegExp[]; readonly deny?: readonly RegExp[] }
}

export interface Limits {
  readonly statements: number
  readonly tables: number
  readonly indexes: number
}

const limits = { statements: 100, tables: 300, indexes: 600 } as const

/** Every source the exporter reads. */
export const targets = {
  main: {
    words: 'the database of the reservation service',
    url: 'DATABASE_URL',
    kinds: ['postgres', 'reservations'],
    limits,
    surveySeconds: 600,
  },
  cache: {
    words: 'the cache and session store of the API',
    url: 'REDIS_URL',
    kinds: ['redis'],
    limits,
    surveySeconds: 600,
  },
} as const satisfies Record<string, Target>

export type TargetName = keyof typeof targets

/** A folder the exporter reads. It is always read: one that nobody has made yet is empty. */
export interface FolderTarget extends Stored {
  readonly words: string
  /** The variable that says where it is. */
  readonly folder: Extract<keyof Env, 'JOBS_DIR'>
  readonly kinds: readonly FolderKind[]
}

/** Every folder the exporter reads, by the names of targets: no two share one. */
export const folders = {
  maintenance: { words: 'what the maintenance jobs leave', folder: 'JOBS_DIR', kinds: ['jobs'] },
} as const satisfies Record<string, FolderTarget>

export interface Service extends Stored {
  readonly words: string
  readonly url: UrlVariable
  readonly health: `/${string}`
}

/** Every service that serves its own `/metrics` and is probed from outside at `health`. */
export const services = {
  api: { words: 'the reservation API', url: 'API_URL', health: '/health' },
} as const satisfies Record<string, Service>

/** All of them. */
export interface Watched {
  readonly targets: Readonly<Record<TargetName, Target>>
  readonly folders: Readonly<Record<keyof typeof folders, FolderTarget>>
  readonly services: Readonly<Record<keyof typeof services, Service>>
}
export const watched: Watched = { targets, folders, services }

/** Every variable with the URL of something that is watched. With any of them set, the demo is not started. */
export const sourceVariables: readonly UrlVariable[] = [...Object.values(targets), ...Object.values(services)].map(
  ({ url }) => url,
)
