import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs'
import { freeBytes, megabytes } from './disk.ts'

const tailBytes = 64 * 1024

/** A new log for a new run; the one of the run before is kept, older ones are not. */
export const openLog = (path: string) => {
  if (existsSync(path)) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o640)
}

/** Nothing, when someone has removed it: how a server ended is worth telling all the same. */
export const readTail = (path: string) => {
  if (!existsSync(path)) return ''
  const file = openSync(path, 'r')
  try {
    const start = Math.max(0, fstatSync(file).size - tailBytes)
    const buffer = Buffer.alloc(tailBytes)
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, tailBytes, start))
  } finally {
    closeSync(file)
  }
}

/** The end of a log as a paragraph of an error, and what it means where that is not for everyone to see. */
export const lastWords = (path: string, folder: string) => {
  const tail = readTail(path).trimEnd()
  if (tail === '') return `It wrote nothing to its log ${path}.`
  const full = /No space left on device|ENOSPC/i.test(tail)
    ? `\nThe disk of ${folder} is full: ${megabytes(freeBytes(folder))} free.`
    : ''
  return `The end of its log ${path}:\n  ${tail.split('\n').slice(-15).join('\n  ')}${full}`
}
