import type { Readable } from 'node:stream'
import type { Env } from '../../config/env.ts'
import type { ReservationTable } from '../../config/reservations.ts'
import type { RestoreTestSettings } from '../../config/restore-test.ts'
import { wordsOf } from '../../exporters/failure.ts'
import * as metrics from '../../exporters/jobs/restore-test.ts'
import type { Manifest, ManifestOf } from '../backup/manifest.ts'
import type { Place } from '../backup/place.ts'
import { openBackup } from '../backup/reading.ts'
import { Refused, type Run } from '../job.ts'
import { unpack } from './archive.ts'
import { restoreDatabase } from './database.ts'
import { type Fault, fileFaults, linkFaults } from './faults.ts'
import { withPlace } from './places.ts'
import type { Prepared } from './plan.ts'
import { readSnapshot } from './redis.ts'
import { withScratch } from './scratch.ts'
import { withFolders } from './work-folder.ts'

interface Options {
  readonly prepared: Prepared
  readonly env: Env
  readonly settings: RestoreTestSettings
  readonly reservations: ReservationTable
  readonly run: Run
}

/** Gives a new folder, and removes it afterwards. */
type Fresh = <T>(use: (path: string) => Promise<T>) => Promise<T>

interface Restoring extends Options {
  readonly place: Place
  readonly fresh: Fresh
}

/** What can be wrong with each kind: told as 0 where it is not. */
const possible = {
  database: ['rows', 'constraints', 'indexes', 'other'],
  redis: ['other'],
  files: ['files', 'other'],
  configuration: ['files', 'other'],
} as const satisfies Readonly<Record<Manifest['kind'], readonly metrics.RestoreFault[]>>

/**
 * Restores one after the other. What is wrong with one does not keep the others from being looked at.
 * @returns what was done, in one sentence
 */
export const restoreAll = async (options: Options): Promise<string> => {
  const { prepared, env, settings, run } = options
  const words: string[] = []
  await withPlace(env, settings, (place) =>
    withFolders({ folder: env.RESTORE_DIR, tell: run.step }, async (fresh) => {
      for (const manifest of [prepared.database, ...prepared.others]) {
        const restored = await restoreOne(manifest, { ...options, place, fresh })
        if (restored !== undefined) words.push(restored)
      }
    }),
  )
  return `restored ${words.join(', ')}: what came back is what was saved`
}

/** @returns what it was and how long it took, where it was restored */
const restoreOne = async (manifest: Manifest, restoring: Restoring) => {
  const { run, settings } = restoring
  const { kind, file, bytes, taken } = manifest
  run.measured(
    metrics.restoreTestBackupMoment.sample(Date.parse(taken) / 1_000, { kind }),
    metrics.restoreTestDataAge.sample((Date.now() - Date.parse(taken)) / 1_000, { kind }),
  )
  run.step(`${kind}: restoring ${file} (${bytes} bytes)`)
  try {
    const { faults, seconds } = await restored(manifest, restoring)
    run.measured(metrics.restoreTestDuration.sample(seconds, { kind }))
    for (const fault of possible[kind]) {
      const found = faults.filter((one) => one.fault === fault)
      run.measured(metrics.restoreTestFaults.sample(found.length, { kind, fault }))
      for (const { words } of found.slice(0, settings.named)) run.failure(`${kind}: ${words}`)
      if (found.length > settings.named) run.failure(`${kind}: and ${found.length - settings.named} more of ${fault}`)
    }
    return `${file} in ${seconds.toFixed(1)} s`
  } catch (cause) {
    run.signal.throwIfAborted()
    if (cause instanceof Refused) throw cause
    run.failure(`${kind}: ${wordsOf(cause)}`)
    return undefined
  }
}

interface Restored {
  readonly faults: readonly Fault[]
  /** From the first byte that was asked for until it was checked. */
  readonly seconds: number
}

const restored = (manifest: Manifest, restoring: Restoring): Promise<Restored> => {
  if (manifest.kind === 'database') return restoredDatabase(manifest, restoring)
  if (manifest.kind === 'redis') return timed(manifest, restoring, (plain) => readSnapshot(plain))
  return restoring.fresh((folder) =>
    timed(manifest, restoring, async (plain) => {
      const { run } = restoring
      const { files, faults, links } = await unpack({ plain, folder, signal: run.signal, progress: run.progress })
      if (links.size > 0) run.step(`${manifest.kind}: ${links.size} symbolic links were compared, and not made`)
      return [...faults, ...fileFaults(manifest.contents, files), ...linkFaults(manifest.links, links)]
    }),
  )
}

const timed = async (
  manifest: Manifest,
  { place, prepared: { identity }, run: { signal, progress } }: Restoring,
  work: (plain: Readable) => Promise<readonly Fault[]>,
): Promise<Restored> => {
  const began = performance.now()
  const plain = await openBackup({ place, manifest, identity, signal, progress })
  const faults = await work(plain)
  return { faults, seconds: (performance.now() - began) / 1_000 }
}

const restoredDatabase = (manifest: ManifestOf<'database'>, restoring: Restoring): Promise<Restored> => {
  const { env, settings, prepared, reservations, fresh, run } = restoring
  const { program, selection } = prepared
  const { signal, step, progress } = run
  const scratch = { url: env.RESTORE_DATABASE_URL ?? '', database: settings.database }
  for (const one of selection.leftOut) step(`database: left out ${one}`)
  return fresh((folder) =>
    withScratch({ ...scratch, signal, tell: step }, () =>
      timed(manifest, restoring, async (plain) => {
        const options = { scratch, program: program.path, plain, manifest, list: selection.list, folder }
        const { faults, newestReservation } = await restoreDatabase({
          ...options,
          reservations,
          signal,
          step,
          progress,
        })
        if (newestReservation !== null) {
          const age = (Date.now() - Date.parse(newestReservation)) / 1_000
          run.measured(metrics.restoreTestNewestReservationAge.sample(age))
        }
        return faults
      }),
    ),
  )
}
