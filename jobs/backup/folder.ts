import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import type { Kept, Place } from './place.ts'

/** What a run writes begins with this until it is complete: whatever a killed one left is known by it. */
export const unfinished = '.tmp-'

const unreadable = (path: string, cause: unknown) =>
  new Error(`could not read ${path}: ${wordsOf(cause)}. Give this user the right to read BACKUP_DIR`, { cause })

/** Backups on a disk: a folder for each kind. */
export const folderPlace = (folder: string): Place => ({
  place: 'local',
  words: folder,
  list: async (kind) => {
    const own = join(folder, kind)
    const entries = await readdir(own, { withFileTypes: true }).catch((cause: unknown) => {
      if (isCode(cause, 'ENOENT')) return []
      throw unreadable(own, cause)
    })
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async ({ name }): Promise<readonly Kept[]> => {
          try {
            return [{ name, bytes: (await stat(join(own, name))).size }]
          } catch (cause) {
            // Removed just now.
            if (isCode(cause, 'ENOENT')) return []
            throw unreadable(join(own, name), cause)
          }
        }),
    )
    return files.flat()
  },
  open: (kind, name, signal) =>
    new Promise((resolve, reject) => {
      const path = join(folder, kind, name)
      const stream = createReadStream(path, { signal, highWaterMark: 1024 ** 2 })
      stream.once('error', (cause) => reject(signal.aborted ? cause : unreadable(path, cause)))
      stream.once('open', () => resolve(stream))
    }),
})
