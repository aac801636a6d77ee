import { join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import type { UpdateSettings } from '../../config/update.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import { openSession } from '../../exporters/postgres/session.ts'
import type { Job } from '../job.ts'
import type { Driver } from '../restart/driver.ts'
import { digestOf, fixedLock } from '../security-update/packages.ts'
import { type Checkout, checkoutOf } from './git.ts'
import { type Npm, npmOf } from './npm.ts'
import { type Outside, outsideOf } from './outside.ts'
import { type Reading, readDatabase } from './schema.ts'
import { type Keeping, keepingIn } from './state.ts'

/** What an update works with. */
export interface Stand {
  readonly env: Env
  readonly settings: UpdateSettings
  /** The checkout's folder. */
  readonly folder: string
  readonly healthUrl: string
  readonly checkout: Checkout
  readonly npm: Npm
  readonly outside: Outside
  readonly keeping: Keeping
  readonly driver: Driver
  readonly backup: Job
  readonly now: () => number
  /** Whether package-lock.json is what a security update has made of it: that belongs to no commit, and is no fault. */
  fixedLock(signal: AbortSignal): Promise<boolean>
  /** Where it is kept, to be brought back where the update is taken back. */
  readonly lockKept: string
  /** The database as it is now; one with nothing in it where the API has no migrations. */
  reading(signal: AbortSignal): Promise<Reading>
  /** Sessions of a migration that go on in the database, whose program may be gone. */
  sessions(signal: AbortSignal): Promise<readonly string[]>
}

interface Options extends Pick<Stand, 'env' | 'settings' | 'folder' | 'healthUrl' | 'driver' | 'backup' | 'now'> {
  readonly git: string
  readonly npm: string
}

/** As migrations call themselves to the server: libpq, and so most clients, read it in `PGAPPNAME`. */
export const migrationName = 'techplus-update'

export const standOf = ({ git, npm, ...options }: Options): Stand => {
  const { env, settings, folder } = options
  const own = resolve(placesOf(env.JOBS_DIR, 'update').own)
  const outside = outsideOf(own)
  const ask = async <T>(signal: AbortSignal, work: Parameters<typeof asked<T>>[1]) => {
    const url = env.JOBS_DATABASE_URL
    if (settings.schema.migrate === undefined || url === undefined) return undefined
    return asked({ url, applicationName: 'techplus-update-look', signal }, work)
  }
  const checkout = checkoutOf({ git, folder, outside, remote: settings.remote, branch: settings.branch })
  const hasFixedLock = async (changed: readonly string[]) =>
    changed.includes(lock) &&
    (await fixedLock(resolve(placesOf(env.JOBS_DIR, 'security-update').own), folder)) ===
      (await digestOf(join(folder, lock)))
  return {
    ...options,
    outside,
    checkout: {
      ...checkout,
      changed: async (signal) => {
        const changed = await checkout.changed(signal)
        return (await hasFixedLock(changed)) ? changed.filter((name) => name !== lock) : changed
      },
    },
    fixedLock: async (signal) => hasFixedLock(await checkout.changed(signal)),
    lockKept: join(own, 'package-lock.fixed.json'),
    npm: npmOf({ npm, folder, logs: own, outside }),
    keeping: keepingIn(own),
    reading: async (signal) =>
      (await ask(signal, (query) => readDatabase(query, settings.schema.applied))) ?? { schema: {} },
    sessions: async (signal) =>
      (await ask(signal, async (query) => {
        const found = await query(
          `select pid from pg_stat_activity
          where application_name = $1 and datname = current_database() and state is distinct from 'idle'`,
          [migrationName],
        )
        return found.map(({ pid }) => `process ${pid} of the database`)
      })) ?? [],
  }
}

const lock = 'package-lock.json'

type Opened = Awaited<ReturnType<typeof openSession>>

const asked = async <T>(options: Parameters<typeof openSession>[0], work: (query: Opened['query']) => Promise<T>) => {
  const session = await openSession(options)
  try {
    return await work(session.query)
  } finally {
    await session.close()
  }
}
