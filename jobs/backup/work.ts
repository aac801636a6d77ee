import type { BackupSettings } from '../../config/backup.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { Refused, type Run } from '../job.ts'
import { type Copy, copiesOf, expired, goodIn } from './copies.ts'
import type { Recipient } from './encryption.ts'
import { folderPlace } from './folder.ts'
import { lockKind, removeCopy, saveLocally, sweepKind } from './local.ts'
import type { Kind } from './manifest.ts'
import { claim, type Owner } from './owner.ts'
import type { Place } from './place.ts'
import { removeSent, sendBackup, sweepBucket } from './remote.ts'
import type { Bucket } from './s3.ts'
import type { Source } from './source.ts'
import { toldOf } from './told.ts'

/** All that was looked at before the work begins. */
export interface Prepared {
  readonly sources: readonly Source[]
  readonly owner: Owner
  readonly folder: string
  readonly bucket: Bucket | undefined
  /** Why nothing can be sent to a bucket that there should be. */
  readonly away?: string | undefined
  readonly recipient: Recipient
  readonly settings: BackupSettings
}

/** Milliseconds for a last look at what there is, also where the run was told to end. */
const lastLook = 20_000

/**
 * Saves one kind after the other: one that fails takes nothing from the others. What is there after it is told whatever
 * becomes of it.
 * @returns what was done, in one sentence
 */
export const saveAll = async (prepared: Prepared, run: Run): Promise<string> => {
  const { sources, folder, bucket, away } = prepared
  const done: string[] = []
  if (away !== undefined) run.failure(`it is kept here alone: ${away}`)
  try {
    for (const source of sources) {
      try {
        done.push(await saveOne(prepared, source, run))
      } catch (cause) {
        run.signal.throwIfAborted()
        for (const words of cause instanceof Refused ? cause.faults : [wordsOf(cause)]) {
          run.failure(`${source.kind}: ${words}`)
        }
      }
    }
  } finally {
    const signal = AbortSignal.timeout(lastLook)
    await toldOf({ folder, bucket, kinds: sources.map(({ kind }) => kind), signal }).then(
      (samples) => run.measured(...samples),
      (cause: unknown) => run.failure(`could not see what there is: ${wordsOf(cause)}`),
    )
  }
  return done.length > 0 ? done.join('; ') : 'nothing was saved'
}

const saveOne = async (prepared: Prepared, source: Source, run: Run): Promise<string> => {
  const { owner, folder, bucket, settings } = prepared
  const { kind } = source
  const { signal } = run
  const lock = await lockKind(folder, kind)
  try {
    await claim({ owner, kind, folder, bucket, signal })
    const swept = await sweepKind(folder, kind, signal)
    if (swept > 0) run.step(`${kind}: removed ${swept} files that a killed run left in ${folder}`)
    if (bucket) {
      const left = await sweepBucket({ bucket, folder, kind, run }, settings.upload)
      if (left > 0) run.step(`${kind}: removed ${left} things that a killed run left in ${bucket.words}`)
    }
    run.step(`${kind}: saving to ${folder}`)
    const manifest = await saveLocally({ ...prepared, source, run })
    // Each place is tidied up only behind a new backup that has arrived there.
    const gone = await tidy(
      { place: folderPlace(folder), kind, days: settings.keep.localDays, settings, run },
      (copy) => removeCopy(folder, kind, copy),
    )
    const words = `${kind}: ${manifest.file}, ${manifest.bytes} bytes, kept in ${folder}${gone}`
    if (!bucket) return words
    await sendBackup({ bucket, folder, manifest, run })
    const goneThere = await tidy({ place: bucket, kind, days: settings.keep.remoteDays, settings, run }, (copy) =>
      removeSent(bucket, kind, copy, signal),
    )
    return `${words}, sent to ${bucket.words}${goneThere}`
  } finally {
    await lock.release()
  }
}

interface Tidying {
  readonly place: Place
  readonly kind: Kind
  readonly days: number
  readonly settings: BackupSettings
  readonly run: Run
}

/** Removes what is past its time, and never the newest good ones. */
const tidy = async ({ place, kind, days, settings, run }: Tidying, remove: (copy: Copy) => Promise<void>) => {
  const { signal } = run
  const { least } = settings.keep
  const copies = copiesOf(kind, await place.list(kind, signal))
  const good = await goodIn(place, kind, { copies, most: Math.max(1, least), signal })
  const old = expired(copies, { days, least, good, now: Date.now() })
  if (old.length > 0) run.step(`${kind}: removing ${old.length} past ${days} days from ${place.words}`)
  let removed = 0
  try {
    for (const copy of old) {
      signal.throwIfAborted()
      await remove(copy)
      removed += 1
      run.progress()
    }
  } catch (cause) {
    signal.throwIfAborted()
    // What stays costs room, and is no reason to go without a second copy of the new one.
    run.failure(`${kind}: could not remove all past ${days} days: ${wordsOf(cause)}`)
  }
  return removed > 0 ? ` (${removed} past ${days} days removed)` : ''
}
