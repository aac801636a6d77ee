import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BackupSettings } from '../../config/backup.ts'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { copiesOf, isWhole } from './copies.ts'
import { folderPlace } from './folder.ts'
import type { Kind } from './manifest.ts'

/** Something that is about to be saved. */
export interface Need {
  readonly kind: Kind
  /** Bytes of it as it is now: compressed it takes less. */
  readonly bytes: number
}

/** The folder, or the one above it that is there. */
const nearest = async (folder: string): Promise<string> => {
  try {
    await stat(folder)
    return folder
  } catch (cause) {
    const above = dirname(folder)
    if (!isCode(cause, 'ENOENT') || above === folder) throw cause
    return nearest(above)
  }
}

/** What it will take: as much as last time and some more; the first time all of it. */
const estimate = async (folder: string, { kind, bytes }: Need, growth: number, signal: AbortSignal) => {
  const [last] = copiesOf(kind, await folderPlace(folder).list(kind, signal)).filter(isWhole)
  return last ? Math.ceil(last.bytes * growth) : bytes
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`

/**
 * What stands in the way of writing so much there: no right, or no room.
 * @throws Error as the system words it
 */
export const roomFaults = async (
  folder: string,
  needs: readonly Need[],
  { growth, spare }: BackupSettings['room'],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const remedy = 'Give it the right to, or set BACKUP_DIR to another folder'
  let there = folder
  try {
    there = await nearest(folder)
  } catch (cause) {
    return [`this user may not write to ${folder} (${wordsOf(cause)}). ${remedy}`]
  }
  try {
    await access(there, constants.W_OK | constants.X_OK)
  } catch {
    return [`this user may not write to ${there}. ${remedy}`]
  }
  const sizes = await Promise.all(needs.map((need) => estimate(folder, need, growth, signal)))
  const wanted = sizes.reduce((sum, size) => sum + size, spare)
  const { bavail, bsize } = await statfs(there)
  const free = bavail * bsize
  if (free >= wanted) return []
  return [
    `${folder} has room for ${megabytes(free)}, and ${megabytes(wanted)} may be needed (${megabytes(spare)} of them to be left over). Make room there, or set BACKUP_DIR to a larger disk`,
  ]
}
