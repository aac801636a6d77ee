import { access, constants, mkdir, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { FolderTaken, lockFolder } from '../../exporters/folder-lock.ts'
import { Refused } from '../job.ts'

/** What a run unpacks into; whatever a killed one left is known by it. */
const prefix = '.tmp-restore-test-'

interface Working {
  /** RESTORE_DIR: made where it is not there. */
  readonly folder: string
  readonly tell: (words: string) => void
}

/**
 * Gives `work` a new folder for each of its calls of `fresh`, and removes them whatever happens. Those of runs that were
 * killed go first.
 * @throws Refused where another test uses the folder
 * @throws whatever `work` throws, or Error naming what cannot be written
 */
export const withFolders = async <T>(
  { folder, tell }: Working,
  work: (fresh: <R>(use: (path: string) => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> => {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw unwritable(folder, cause)
  })
  const lock = await lockFolder(folder, {
    socket: 'restore-test.sock',
    taken: ['another test of a restore unpacks', 'wait for its end, or set RESTORE_DIR to another folder'],
    variable: 'RESTORE_DIR',
  }).catch((cause: unknown) => {
    throw cause instanceof FolderTaken ? new Refused([cause.message], { cause }) : cause
  })
  try {
    for (const name of (await readdir(folder)).filter((one) => one.startsWith(prefix))) {
      tell(`removing ${name}, which a run left that was killed`)
      await rm(join(folder, name), { recursive: true, force: true })
    }
    return await work(async (use) => {
      const path = await mkdtemp(join(folder, prefix)).catch((cause: unknown) => {
        throw unwritable(folder, cause)
      })
      try {
        return await use(path)
      } finally {
        await rm(path, { recursive: true, force: true })
      }
    })
  } finally {
    await lock.release()
  }
}

const unwritable = (folder: string, cause: unknown) =>
  new Error(
    `could not write to ${folder}: ${wordsOf(cause)}. Set RESTORE_DIR to a folder that this user may write to`,
    {
      cause,
    },
  )

/** The folder, or the nearest one above it that there is. */
const nearest = async (folder: string): Promise<string> => {
  const path = resolve(folder)
  try {
    await stat(path)
    return path
  } catch (cause) {
    if (!isCode(cause, 'ENOENT') || dirname(path) === path) throw cause
    return nearest(dirname(path))
  }
}

/** Bytes that are free for us on the disk of a folder, which need not be there yet. */
export const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(await nearest(folder))
  return bavail * bsize
}

/**
 * Whether so many bytes can be unpacked there. Nothing is written.
 * @throws Error saying what is wrong, with what to do
 */
export const checkFolder = async (folder: string, bytes: number): Promise<void> => {
  const there = await nearest(folder)
  await access(there, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw unwritable(there, cause)
  })
  const free = await freeBytes(there)
  if (free >= bytes) return
  throw new Error(
    `${folder} has room for ${free} bytes, and ${bytes} may be needed. Make room there, or set RESTORE_DIR to a larger disk`,
  )
}
