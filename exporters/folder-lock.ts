import { statSync, unlinkSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join, relative } from 'node:path'
import { isCode, wordsOf } from './failure.ts'

/** A folder that is one process' own. */
export interface FolderLock {
  /** Whether it still is: somebody may have removed the lock by hand. */
  holds(): boolean
  release(): Promise<void>
}

interface Purpose {
  /** The name of the lock in the folder. */
  readonly socket: string
  /** What it means that somebody else holds it, and what to do. */
  readonly taken: readonly [what: string, remedy: string]
  /** The variable that names the folder. */
  readonly variable: string
}

/** Somebody else holds the lock. */
export class FolderTaken extends Error {}

/** What the system allows for the address of a socket. */
const longest = 100

/**
 * Locks by a socket in the folder: the system lets nobody else answer there while this process lives, and whoever was
 * killed answers no more.
 * @throws FolderTaken where another process holds it
 * @throws Error where the folder cannot be locked
 */
export const lockFolder = async (folder: string, purpose: Purpose): Promise<FolderLock> => {
  const { taken, variable } = purpose
  const inUse = (answer?: string) =>
    new FolderTaken(`${taken[0]} in ${folder}${answer ? ` (${answer})` : ''}: ${taken[1]}`)
  const unlockable = (cause: unknown) =>
    new Error(
      `could not lock ${folder}: ${wordsOf(cause)}. Set ${variable} to a folder of a file system of this machine, which this user may write to`,
      { cause },
    )
  const path = addressIn(folder, purpose)
  const server = await listen(path).catch(async (failure: unknown) => {
    if (!isCode(failure, 'EADDRINUSE')) throw unlockable(failure)
    const answer = await knock(path)
    if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') throw inUse(answer)
    if (answer === 'ECONNREFUSED') unlinkSync(path)
    return listen(path).catch((again: unknown) => {
      throw isCode(again, 'EADDRINUSE') ? inUse() : unlockable(again)
    })
  })
  const own = statSync(path).ino
  return {
    holds: () => statSync(path, { throwIfNoEntry: false })?.ino === own,
    // Node removes the socket with its server.
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const addressIn = (folder: string, { socket, variable }: Purpose) => {
  const path = join(folder, socket)
  const shorter = relative(process.cwd(), path)
  const chosen = Buffer.byteLength(path) > longest ? shorter : path
  if (Buffer.byteLength(chosen) > longest) {
    throw new Error(`could not lock ${folder}: its path is too long for a socket. Set ${variable} to a shorter one`)
  }
  return chosen
}

const listen = (path: string) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((visitor) => visitor.destroy())
    server.once('error', reject)
    server.listen(path, () => resolve(server.unref()))
  })

/** Undefined where somebody answers, otherwise why not. */
const knock = (path: string) =>
  new Promise<string | undefined>((resolve) => {
    const visit = createConnection(path)
    visit.once('connect', () => {
      visit.destroy()
      resolve(undefined)
    })
    visit.once('error', (failure) => resolve('code' in failure ? String(failure.code) : failure.message))
  })
