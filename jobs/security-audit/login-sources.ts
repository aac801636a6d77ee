import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { findProgram, output, startProgram } from '../program.ts'
import { type Login, readLine, readMessage } from './login-lines.ts'

interface Reading {
  /** Milliseconds of Unix time: nothing before `from` is told. */
  readonly from: number
  readonly now: number
  readonly signal: AbortSignal
  progress(): void
}

export const isThere = async (path: string): Promise<boolean> => {
  try {
    await access(path)
    return true
  } catch (cause) {
    // Whoever may not look into the folder is told so when it is read.
    return !isCode(cause, 'ENOENT') && !isCode(cause, 'ENOTDIR')
  }
}

/**
 * Logins that a log and the one before it tell of, in their order.
 * @throws Error where one of them cannot be read, or both do not reach back as far as is asked
 */
export async function* loginsOfFile(path: string, { from, now, signal, progress }: Reading): AsyncGenerator<Login> {
  let oldest: number | undefined
  const before = `${path}.1`
  for (const one of (await isThere(before)) ? [before, path] : [path]) {
    let dated = 0
    let lines = 0
    for await (const text of linesOf(one, signal)) {
      progress()
      if (text !== '') lines += 1
      const line = readLine(text, now)
      if (!line) continue
      dated += 1
      oldest = Math.min(oldest ?? line.at, line.at)
      const login = line.message === undefined || line.at < from ? undefined : readMessage(line.at, line.message)
      if (login) yield login
    }
    if (lines > 0 && dated === 0) throw new Error(`the times in ${one} are written in a form that is not known here`)
  }
  if ((oldest ?? now) > from && (await isThere(`${path}.2.gz`))) {
    throw new Error(
      `${path} and ${before} do not reach back to ${new Date(from).toISOString()}: let logrotate keep a day in one`,
    )
  }
}

async function* linesOf(path: string, signal: AbortSignal) {
  const stream = createReadStream(path, { encoding: 'utf8', signal })
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    signal.throwIfAborted()
    const remedy = isCode(cause, 'EACCES') ? ': add this user to the group that may read it, adm on Debian' : ''
    throw new Error(`could not read ${path}: ${wordsOf(cause)}${remedy}`, { cause })
  } finally {
    stream.destroy()
  }
}

/**
 * The same of systemd's journal.
 * @throws Error where there is none, or this user may not read it
 */
export async function* loginsOfJournal({ from, signal, progress }: Reading): AsyncGenerator<Login> {
  const program = findProgram('journalctl')
  if (program === undefined)
    throw new Error('there is neither a log of logins nor journalctl: name the log in config/security.ts')
  const ask = [program, '--system', '--no-pager', '-o', 'json']
  // It ends well, and often without a word, where there is no journal and where this user may not read it.
  if ((await output([...ask, '-n', '1'], { signal })).trim() === '') {
    throw new Error(
      "systemd's journal shows nothing: add this user to the group systemd-journal, or let journald keep one",
    )
  }
  const { stdin, stdout, ended } = startProgram(
    [...ask, '-t', 'sshd', '-t', 'sshd-session', `--since=@${Math.floor(from / 1_000)}`],
    { signal },
  )
  stdin.end()
  for await (const line of createInterface({ input: stdout })) {
    progress()
    const entry: unknown = JSON.parse(line)
    const login = readEntry(entry)
    if (login) yield login
  }
  await ended
}

/** An entry of the journal; a message that is no text comes as a list of its bytes. */
const readEntry = (entry: unknown) => {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { MESSAGE: message, __REALTIME_TIMESTAMP: at } = {
    MESSAGE: undefined,
    __REALTIME_TIMESTAMP: undefined,
    ...entry,
  }
  const text: unknown = Array.isArray(message) ? Buffer.from(message).toString() : message
  return typeof text === 'string' ? readMessage(Number(at) / 1_000, text) : undefined
}
