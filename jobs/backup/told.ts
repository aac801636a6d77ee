import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as metrics from '../../exporters/jobs/backup.ts'
import { replaceFile } from '../../exporters/replace-file.ts'
import type { Sample } from '../../metrics/metric.ts'
import { type Copy, copiesOf, isWhole, usualSize } from './copies.ts'
import { folderPlace } from './folder.ts'
import type { Kind } from './manifest.ts'
import { noteText, readSeen } from './notes.ts'
import { manifestIn, type PlaceName } from './place.ts'
import type { Bucket } from './s3.ts'

interface Options {
  readonly folder: string
  readonly bucket: Bucket | undefined
  readonly kinds: readonly Kind[]
  /** Not that of a run that was stopped: it is told of as well. */
  readonly signal: AbortSignal
}

/** What there is after a run, whatever became of it, of each kind. */
export const toldOf = async ({ folder, bucket, kinds, signal }: Options): Promise<readonly Sample[]> =>
  (await Promise.all(kinds.map((kind) => toldOfKind(folder, bucket, kind, signal)))).flat()

const toldOfKind = async (folder: string, bucket: Bucket | undefined, kind: Kind, signal: AbortSignal) => {
  const local = copiesOf(kind, await folderPlace(folder).list(kind, signal)).filter(isWhole)
  return [
    ...(await toldOfNewest(folder, kind, local, signal)),
    ...toldOfPlace(kind, 'local', standing(local)),
    ...(bucket ? toldOfPlace(kind, 'remote', await remote(folder, bucket, kind, signal)) : []),
  ]
}

const toldOfNewest = async (folder: string, kind: Kind, local: readonly Copy[], signal: AbortSignal) => {
  const [newest] = local.filter(isWhole)
  if (!newest) return []
  const { manifest, taken } = newest
  const { bytes, started, ended } = await manifestIn(folderPlace(folder), { kind, manifest, taken }, signal)
  const usual = usualSize(local)
  return [
    metrics.backupSize.sample(bytes, { kind }),
    ...(usual === undefined ? [] : [metrics.backupUsualSize.sample(usual, { kind })]),
    metrics.backupDuration.sample((Date.parse(ended) - Date.parse(started)) / 1_000, { kind }),
  ]
}

interface Standing {
  /** Milliseconds of Unix time; 0 where there is none. */
  readonly newest: number
  readonly copies: number
}

const standing = (copies: readonly Copy[]): Standing => ({ newest: copies[0]?.taken ?? 0, copies: copies.length })

const remote = async (folder: string, bucket: Bucket, kind: Kind, signal: AbortSignal): Promise<Standing> => {
  const path = join(folder, kind, 'remote.json')
  try {
    const found = standing(copiesOf(kind, await bucket.list(kind, signal)).filter(isWhole))
    await replaceFile(path, noteText({ version: 1, to: bucket.words, ...found })).catch(() => undefined)
    return found
  } catch {
    // While nobody answers there what was seen last is told again, or nobody would see how old it becomes.
    const last = readSeen(await readFile(path, 'utf8').catch(() => ''))
    return last?.to === bucket.words ? last : { newest: 0, copies: 0 }
  }
}

const toldOfPlace = (kind: Kind, place: PlaceName, { newest, copies }: Standing) => [
  metrics.backupNewest.sample(newest / 1_000, { kind, place }),
  metrics.backupCopies.sample(copies, { kind, place }),
]
