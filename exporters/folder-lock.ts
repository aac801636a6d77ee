import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { wordsOf } from './failure.ts'

/** A folder that is one process' own. */
export interface FolderLock {
  /** Whether it still is: somebody may have removed the lock by hand. */
  holds(): boolean
  release(): Promise<void>
}

interface Purpose {
  /** The name of the lock in the folder, such as `run.sock`. */
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

/** Milliseconds for an answer, between two questions, and until somebody who tries as well has decided. */
const patience = { answer: 2_000, pause: 20, decision: 10_000 }

/**
 * Locks by a socket in the folder: whoever was killed answers no more.
 *
 * Everybody has a socket of a name that nobody else ever has, and it gets that name when it answers already. So a name that
 * refuses is of somebody who is gone, and can be removed at any time without harm to anybody else. Whoever wants the lock
 * appears first and looks for others then: of two, one sees the other. Of two who try, the first by name waits for the
 * second to give up.
 * @throws FolderTaken where another process holds it, or is about to
 * @throws Error where the folder cannot be locked
 */
export const lockFolder = async (folder: string, purpose: Purpose): Promise<FolderLock> => {
  const { taken, variable } = purpose
  const names = namesIn(folder, purpose)
  const own = await appear(names).catch((cause: unknown) => {
    throw new Error(
      `could not lock ${folder}: ${wordsOf(cause)}. Set ${variable} to a folder of a file system of this machine, which this user may write to`,
      { cause },
    )
  })
  try {
    for (const other of names.others()) {
      if (await yields(names, other)) continue
      throw new FolderTaken(`${taken[0]} in ${folder}: ${taken[1]}`)
    }
  } catch (cause) {
    await own.release()
    throw cause
  }
  own.decide()
  return own
}

/** What is said to whoever knocks. */
type State = 'tries' | 'holds'

interface Names {
  readonly own: string
  pathOf(name: string): string
  /** All that there are now but our own. */
  others(): readonly string[]
}

const namesIn = (folder: string, { socket, variable }: Purpose): Names => {
  const base = socket.replace(/\.sock$/, '')
  const own = `${base}.${randomBytes(4).toString('hex')}.sock`
  const pathOf = (name: string) => {
    const path = join(folder, name)
    return Buffer.byteLength(path) > longest ? relative(process.cwd(), path) : path
  }
  if (Buffer.byteLength(pathOf(own)) > longest) {
    throw new Error(`could not lock ${folder}: its path is too long for a socket. Set ${variable} to a shorter one`)
  }
  const others = () =>
    readdirSync(folder)
      .filter((name) => name !== own && name.startsWith(`${base}.`) && name.endsWith('sock'))
      .toSorted()
  return { own, pathOf, others }
}

const appear = async ({ own, pathOf }: Names): Promise<FolderLock & { decide(): void }> => {
  let state: State = 'tries'
  const path = pathOf(own)
  // Between being made and listening it would look like one of somebody who is gone.
  const unheard = pathOf(own.replace(/sock$/, 'new'))
  const server = await listen(unheard, () => state)
  renameSync(unheard, path)
  const { ino } = statSync(path)
  return {
    decide: () => {
      state = 'holds'
    },
    holds: () => statSync(path, { throwIfNoEntry: false })?.ino === ino,
    release: () => {
      rmSync(path, { force: true })
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

const listen = (path: string, answer: () => State) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((visitor) => {
      visitor.on('error', () => undefined)
      visitor.end(answer())
    })
    server.once('error', reject)
    server.listen(path, () => resolve(server.unref()))
  })

/** Whether nobody is behind that name, or whoever is lets us go first. */
const yields = async ({ own, pathOf }: Names, other: string): Promise<boolean> => {
  const until = performance.now() + patience.decision
  while (performance.now() < until) {
    const answer = await knock(pathOf(other))
    if (answer === 'ENOENT') return true
    if (answer === 'ECONNREFUSED') {
      rmSync(pathOf(other), { force: true })
      return true
    }
    if (answer !== ('tries' satisfies State) || other < own) return false
    await delay(patience.pause)
  }
  return false
}

/** What is said, or why nothing is. */
const knock = (path: string) =>
  new Promise<string>((resolve) => {
    let said = ''
    const visit = createConnection(path).setTimeout(patience.answer)
    const leave = (answer: string) => {
      visit.destroy()
      resolve(answer)
    }
    visit.on('data', (chunk) => {
      said += chunk
    })
    visit.once('end', () => leave(said))
    visit.once('timeout', () => leave('silent'))
    visit.once('error', (failure) => leave(codeOf(failure)))
  })

const codeOf = (failure: Error) => ('code' in failure ? String(failure.code) : failure.message)
