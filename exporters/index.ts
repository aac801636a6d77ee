import { type Env, faultOf } from '../config/env.ts'
import { settingsFor } from '../config/jobs.ts'
import {
  type FolderKind,
  type FolderTarget,
  folders,
  type ServerKind,
  type Target,
  targets,
} from '../config/targets.ts'
import type { Scraped } from './collector.ts'
import { jobsCollectors, jobsVitals } from './jobs/index.ts'
import { jobsFolder } from './jobs/source.ts'
import { postgresCollectors, postgresVitals } from './postgres/index.ts'
import { postgres } from './postgres/source.ts'
import { redisCollectors, redisVitals } from './redis/index.ts'
import { redis } from './redis/source.ts'
import { reservationsCollectors, reservationsVitals } from './reservations/index.ts'
import { type Secret, secretOf, type Tell } from './secret.ts'

type Opener = (name: string, url: Secret, target: Target, env: Env) => Scraped

/** How a source of each kind is opened, and what is read from it. */
const openers: Readonly<Record<ServerKind, Opener>> = {
  postgres: (name, url, target): Scraped => ({
    kind: 'postgres',
    name,
    source: postgres(url, { databases: target.databases }),
    collectors: postgresCollectors(target),
    vitals: postgresVitals,
  }),
  redis: (name, url, _target, env): Scraped => ({
    kind: 'redis',
    name,
    source: redis(url, { tls: { ca: env.REDIS_TLS_CA, cert: env.REDIS_TLS_CERT, key: env.REDIS_TLS_KEY } }),
    collectors: redisCollectors(),
    vitals: redisVitals,
  }),
  reservations: (name, url): Scraped => ({
    kind: 'reservations',
    name,
    source: postgres(url),
    collectors: reservationsCollectors(),
    vitals: reservationsVitals,
  }),
}

/**
 * What is read from every target whose URL the environment gives. Nothing is connected yet: a URL that came by file is
 * what the file holds when a connection is made.
 */
export const openTargets = (
  env: Env,
  table: Readonly<Record<string, Target>> = targets,
  tell: Tell = console.warn,
): readonly Scraped[] =>
  Object.entries(table).flatMap(([name, target]) => {
    const value = env[target.url]
    if (value === undefined) return []
    const faults = (text: string) => faultOf(target.url, text)
    const url = secretOf({ name: target.url, value, file: env.files[target.url], faultOf: faults, tell })
    return target.kinds.map((kind) => openers[kind](name, url, target, env))
  })

type FolderOpener = (name: string, folder: string, env: Env) => Scraped

const folderOpeners: Readonly<Record<FolderKind, FolderOpener>> = {
  jobs: (name, folder, env): Scraped => ({
    kind: 'jobs',
    name,
    source: jobsFolder(folder, { settings: settingsFor(env) }),
    collectors: jobsCollectors(),
    vitals: jobsVitals,
  }),
}

/** What is read from every folder, whether it is there yet or not. */
export const openFolders = (env: Env, table: Readonly<Record<string, FolderTarget>> = folders): readonly Scraped[] =>
  Object.entries(table).flatMap(([name, { folder, kinds }]) =>
    kinds.map((kind) => folderOpeners[kind](name, env[folder], env)),
  )

/** The vitals and collectors of every kind, for what documents or checks all metrics. */
export const everyKind = (): readonly Pick<Scraped, 'kind' | 'collectors' | 'vitals'>[] => {
  return [
    { kind: 'postgres', collectors: postgresCollectors(targets.main), vitals: postgresVitals },
    { kind: 'redis', collectors: redisCollectors(), vitals: redisVitals },
    { kind: 'reservations', collectors: reservationsCollectors(), vitals: reservationsVitals },
    { kind: 'jobs', collectors: jobsCollectors(), vitals: jobsVitals },
  ]
}
