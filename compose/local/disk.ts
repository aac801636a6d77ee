import { existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export const freeBytes = (folder: string): number => {
  const path = resolve(folder)
  if (!existsSync(path) && dirname(path) !== path) return freeBytes(dirname(path))
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

export const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 ** 2)} MB`

/** What a started server leaves in its log when the disk is full is long and late: ask before. */
export const assertRoom = (folder: string, bytes: number, what: string) => {
  const free = freeBytes(folder)
  if (free >= bytes) return
  throw new Error(`${what} needs ${megabytes(bytes)} in ${resolve(folder)}, whose disk has ${megabytes(free)} free`)
}
