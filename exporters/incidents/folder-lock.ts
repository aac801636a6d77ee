import { statSync, unlinkSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join, relative } from 'node:path'
import { wordsOf } from './state.ts'

/** A folder that is one process' own. */
export interface FolderLock {
  /** Whether it still is: somebody may have removed the lock by hand. */
  holds(): boolean
  release(): Promise<void>
}

/** What the system allows for the address of a socket. */
const longest = 100

/**
 * Locks by a socket in the folder: the system lets nobody else answer there while this process lives, and whoever was
 * killed answers no more.
 * @throws Error where another recorder holds it
 */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  const path = addressIn(folder)
  const server = await listen(path).catch(async (failure: unknown) => {
    if (!isCode(failure, 'EADDRINUSE')) throw unlockable(folder, failure)
    const answer = await knock(path)
    if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT') throw taken(folder, answer)
    if (answer === 'ECONNREFUSED') unlinkSync(path)
    return listen(path).catch((again: unknown) => {
      throw isCode(again, 'EADDRINUSE') ? taken(folder, undefined) : unlockable(folder, again)
    })
  })
  const own = statSync(path).ino
  return {
    holds: () => statSync(path, { throwIfNoEntry: false })?.ino === own,
    // Node removes the socket with its server.
    release: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const addressIn = (folder: string) => {
  const path = join(folder, 'recorder.sock')
  const shorter = relative(process.cwd(), path)
  const chosen = Buffer.byteLength(path) > longest ? shorter : path
  if (Buffer.byteLength(chosen) > longest) {
    throw new Error(`could not lock ${folder}: its path is too long for a socket. Set INCIDENTS_DIR to a shorter one`)
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

const isCode = (failure: unknown, code: string) =>
  failure instanceof Error && 'code' in failure && failure.code === code

const taken = (folder: string, answer: string | undefined) =>
  new Error(
    `another recorder keeps its incidents in ${folder}${answer ? ` (${answer})` : ''}: stop it, or set INCIDENTS_DIR to another folder`,
  )

const unlockable = (folder: string, cause: unknown) =>
  new Error(
    `could not lock ${folder}: ${wordsOf(cause)}. Set INCIDENTS_DIR to a folder of a file system of this machine, which this user may write to`,
    { cause },
  )
