import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isCode, wordsOf } from '../failure.ts'
import { lockFolder } from '../folder-lock.ts'
import { replaceFile } from '../replace-file.ts'
import type { Tell } from '../secret.ts'
import { emptyBook } from './book.ts'

import type { Incident } from './incident.ts'
import { openJournal } from './journal.ts'
import { type Ledger, oneByOne } from './ledger.ts'
import { readLine } from './shapes.ts'
import type { Tally } from './tally.ts'

interface Options {
  readonly folder: string
  readonly tell: Tell
  /** Milliseconds of Unix time. */
  readonly now?: () => number
}

/** Incidents that were over longer ago are counted, and not listed any more. Milliseconds. */
const kept = 400 * 24 * 3_600_000

/**
 * Keeps incidents in one file of a folder: a line for each change, of which the last counts.
 * @throws Error where another recorder uses the folder, or a line is damaged
 */
export const fileLedger = async ({ folder: given, tell, now = Date.now }: Options): Promise<Ledger> => {
  const folder = resolve(given)
  await ownFolder(folder)
  const lock = await lockFolder(folder, {
    socket: 'recorder.sock',
    taken: ['another recorder keeps its incidents', 'stop it, or set INCIDENTS_DIR to another folder'],
    variable: 'INCIDENTS_DIR',
  })
  try {
    const { book, journal } = await opened(join(folder, 'incidents.jsonl'), now() - kept, tell)
    const inTurn = oneByOne()
    const insist = () => {
      if (lock.holds()) return
      throw new Error(`${folder} was taken over: another recorder writes there, or its lock was removed`)
    }
    return {
      book,
      change: (decide) =>
        inTurn(async () => {
          const changes = decide(book)
          if (changes.length === 0) return false
          insist()
          await journal.append(changes.map((incident) => line({ incident })).join(''))
          for (const incident of changes) book.put(incident)
          return true
        }),
      probe: () =>
        inTurn(() => {
          insist()
          return journal.probe()
        }),
      close: () =>
        inTurn(async () => {
          await journal.close()
          await lock.release()
        }),
    }
  } catch (failure) {
    await lock.release()
    throw failure
  }
}

/**
 * One that was there may be somebody else's too: its mode is not for us to change. A group may be let in, as it is where a
 * volume is mounted; the files are open to their owner alone.
 */
const ownFolder = async (folder: string) => {
  const mode = await modeOf(folder).catch((cause: unknown) => {
    throw new Error(
      `could not use ${folder}: ${wordsOf(cause)}. Give it to the user that the recorder runs as, or set INCIDENTS_DIR to another folder`,
      { cause },
    )
  })
  if ((mode & 0o007) === 0) return
  throw new Error(
    `${folder} is open to everybody (mode ${mode.toString(8).padStart(4, '0')}): chmod o= ${folder}, or set INCIDENTS_DIR to a new folder in it, which the recorder makes for itself`,
  )
}

/** Made where it was not there. */
const modeOf = async (folder: string) => {
  // What the mask of the process takes away, or the folder above adds, is set right.
  if (await mkdir(folder, { recursive: true, mode: 0o700 })) await chmod(folder, 0o700)
  return (await stat(folder)).mode & 0o7777
}

/** What a file holds, and the file to add to. */
const opened = async (file: string, before: number, tell: Tell) => {
  const content = await readContent(file, tell)
  const book = emptyBook()
  const tidied = tidy(content, before)
  for (const tally of tidied.tallies) book.include(tally)
  for (const incident of tidied.incidents) book.put(incident)
  const length = await rewritten(file, content, tidied, tell)
  return { book, journal: await openJournal(file, length) }
}

interface Content {
  readonly incidents: ReadonlyMap<string, Incident>
  readonly tallies: readonly Tally[]
  readonly lines: number
  /** Bytes, without a last line that was not finished. */
  readonly length: number
}

const line = (content: object) => `${JSON.stringify(content)}\n`

const readContent = async (file: string, tell: Tell): Promise<Content> => {
  const bytes = await readFile(file).catch((failure: unknown) => {
    if (isCode(failure, 'ENOENT')) return Buffer.alloc(0)
    throw new Error(`could not read ${file}: give it to the user that the recorder runs as`, { cause: failure })
  })
  const length = bytes.lastIndexOf('\n') + 1
  if (length < bytes.length) {
    tell(`the last line of ${file} was not finished and is cut off: what it told was not answered, and comes again`)
  }
  const incidents = new Map<string, Incident>()
  let tallies: readonly Tally[] = []
  const lines = bytes.subarray(0, length).toString().split('\n').slice(0, -1)
  for (const [at, text] of lines.entries()) {
    const read = readLine(text)
    if ('fault' in read) throw damaged(file, at + 1, read.fault)
    if (read.tallies) tallies = [...tallies, ...read.tallies]
    if (read.incident) incidents.set(read.incident.id, read.incident)
  }
  return { incidents, tallies, lines: lines.length, length }
}

const damaged = (file: string, number: number, fault: string) =>
  new Error(
    `${file}, line ${number}, is damaged (${fault}). Nothing was changed. Restore the file from a backup; or take a copy, delete that line and start again: what it alone told is then not counted`,
  )

interface Tidied {
  readonly incidents: readonly Incident[]
  readonly tallies: readonly Tally[]
  readonly folded: number
}

/** What was over before `before` is counted in tallies. */
const tidy = ({ incidents, tallies }: Content, before: number): Tidied => {
  const all = [...incidents.values()]
  const isOld = ({ settled, resolvedAt }: Incident) => settled && resolvedAt !== undefined && resolvedAt < before
  const past = emptyBook()
  for (const tally of tallies) past.include(tally)
  for (const incident of all.filter(isOld)) past.put(incident)
  return { incidents: all.filter((one) => !isOld(one)), tallies: [...past.tallies()], folded: all.filter(isOld).length }
}

/** Writes only what still counts, where that is less; the old file does as well. Its length in bytes. */
const rewritten = async (
  file: string,
  { lines, length }: Content,
  { incidents, tallies, folded }: Tidied,
  tell: Tell,
) => {
  const needed = incidents.length + (tallies.length > 0 ? 1 : 0)
  if (folded === 0 && needed === lines) return length
  const text = [...(tallies.length > 0 ? [line({ tallies })] : []), ...incidents.map((incident) => line({ incident }))]
  try {
    await replaceFile(file, text.join(''))
    return Buffer.byteLength(text.join(''))
  } catch (failure) {
    tell(`could not shorten ${file}, which stays as it is: ${wordsOf(failure)}`)
    return length
  }
}
