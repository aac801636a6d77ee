import type { Readable } from 'node:stream'
import { startProgram } from '../program.ts'

/** What a login may create in a database of its own, besides what everybody may. */
export interface Rights {
  readonly superuser: boolean
  /** Extensions that the server has and this login may create. */
  readonly extensions: ReadonlySet<string>
}

/** What is restored of a dump. */
export interface Selection {
  /** For `pg_restore --use-list`. */
  readonly list: string
  /** What is not, and why; a part of a sentence each. */
  readonly leftOut: readonly string[]
}

/**
 * The table of contents of a dump, as pg_restore prints it. The stream is left once pg_restore has read that much.
 * @throws Error as `plain` ends with, or in the words of pg_restore
 */
export const readList = async (program: string, plain: Readable, signal: AbortSignal): Promise<string> => {
  const { stdin, stdout, ended } = startProgram([program, '--list'], { signal })
  let wants = true
  const leave = () => {
    wants = false
    plain.destroy()
  }
  stdin.once('close', leave)
  stdin.once('error', leave)
  const feeding = async () => {
    for await (const chunk of plain) {
      if (!wants) return
      if (!stdin.write(chunk)) await eitherOf(stdin, ['drain', 'close', 'error'])
    }
    stdin.end()
  }
  let broken: unknown
  const fed = feeding().catch((cause: unknown) => {
    if (wants) broken = cause
    stdin.end()
  })
  const chunks: Buffer[] = []
  for await (const chunk of stdout) chunks.push(chunk)
  const failed = await ended.then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  )
  leave()
  await fed
  // What it could not read it could not read because of this.
  if (broken !== undefined) throw broken
  if (failed) throw failed.cause
  return Buffer.concat(chunks).toString()
}

const eitherOf = (stream: NodeJS.EventEmitter, events: readonly string[]) =>
  new Promise<void>((resolve) => {
    const done = () => {
      for (const event of events) stream.removeListener(event, done)
      resolve()
    }
    for (const event of events) stream.once(event, done)
  })

/** A line of it: `3420; 1259 16420 TABLE DATA public reservations techplus`. */
const line = /^\d+; \d+ \d+ (?<entry>[A-Z].*)$/

/**
 * What of it can be restored by whom. Extensions that the server lacks, or the login may not create, are left out by
 * name, and so is what only a superuser may make. What needs them fails, and is told of then. Views with a content of
 * their own are left empty where the dump has foreign servers: filling them would ask those.
 */
export const select = (list: string, { superuser, extensions }: Rights): Selection => {
  const lines = list.split('\n')
  const leftOut: string[] = []
  const foreign = lines.some((one) => / SERVER - /.test(one))
  const entries = lines.map((one) => line.exec(one)?.groups?.entry ?? '')
  const absent = entries.some((entry) => isAbsent(entry, extensions))
  // What an extension keeps in tables of its own is in a dump without these.
  const tables =
    absent && new Set(entries.flatMap((entry) => /^(?:TABLE|SEQUENCE) (?!DATA |SET )(.*)$/.exec(entry)?.[1] ?? []))
  const kept = lines.map((one, at) => {
    const entry = entries[at] ?? ''
    const why = reason(entry, { superuser, extensions, foreign, tables })
    if (why === undefined) return one
    if (why !== '') leftOut.push(why)
    return `;${one}`
  })
  return { list: kept.join('\n'), leftOut }
}

interface Known extends Rights {
  readonly foreign: boolean
  /** That the dump makes itself, where an extension is left out. */
  readonly tables: ReadonlySet<string> | false
}

const isAbsent = (entry: string, extensions: Rights['extensions']) => {
  const extension = /^EXTENSION - (\S+)/.exec(entry)?.[1]
  return extension !== undefined && !extensions.has(extension)
}

/** Why it is left out: undefined where it is not, and empty where that is said of something else already. */
const reason = (entry: string, given: Known) => {
  const comment = /^COMMENT - (?:EXTENSION (\S+)|EVENT TRIGGER)/.exec(entry)
  if (comment?.[1] !== undefined && !given.extensions.has(comment[1])) return ''
  if (comment && comment[1] === undefined && !given.superuser) return ''
  const content = /^(?:TABLE DATA|SEQUENCE SET) (.*)$/.exec(entry)?.[1]
  if (content !== undefined && given.tables && !given.tables.has(content)) {
    return `the content of ${content.split(' ').slice(0, 2).join('.')}, which an extension brings`
  }
  if (isAbsent(entry, given.extensions)) {
    return `extension ${entry.split(' ')[2]}, which the server lacks, this login may not create, or config/restore-test.ts leaves out`
  }
  const trigger = /^EVENT TRIGGER - (\S+)/.exec(entry)?.[1]
  if (trigger !== undefined && !given.superuser) return `event trigger ${trigger}, which only a superuser may create`
  const view = /^MATERIALIZED VIEW DATA (\S+ \S+)/.exec(entry)?.[1]
  if (view !== undefined && given.foreign) {
    return `the content of the materialized view ${view.replace(' ', '.')}, which might come from another server`
  }
  return undefined
}
