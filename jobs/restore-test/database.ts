import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ReservationTable } from '../../config/reservations.ts'
import { readContents } from '../backup/contents.ts'
import { libpqLogin } from '../backup/libpq.ts'
import type { ManifestOf } from '../backup/manifest.ts'
import { startProgram } from '../program.ts'
import { databaseFaults, type Fault } from './faults.ts'
import { openScratch, type ScratchAddress } from './scratch.ts'

interface Options {
  /** The scratch database, which is there and empty. */
  readonly scratch: ScratchAddress
  /** pg_restore. */
  readonly program: string
  readonly plain: Readable
  readonly manifest: ManifestOf<'database'>
  /** What of the dump is restored, for `--use-list`. */
  readonly list: string
  /** A folder of ours, for that. */
  readonly folder: string
  readonly reservations: ReservationTable
  readonly signal: AbortSignal
  readonly step: (words: string) => void
  readonly progress: () => void
}

interface Restored {
  readonly faults: readonly Fault[]
  /** When the newest reservation in it was made. */
  readonly newestReservation: string | null
}

/**
 * What needs rights on others than this database is left out: owners, grants, tablespaces. So are subscriptions, which
 * would begin to copy from the servers that they name. Of what fails we want to hear all, and not the first alone.
 */
const leftOut = [
  '--no-owner',
  '--no-privileges',
  '--no-tablespaces',
  '--no-security-labels',
  '--no-publications',
  '--no-subscriptions',
] as const

/**
 * Restores a dump into the scratch database, and asks it what a manifest tells.
 * @throws Error where it could not be restored at all, in the words of pg_restore, or what ended `plain`
 */
export const restoreDatabase = async (options: Options): Promise<Restored> => {
  const { scratch, manifest, reservations, signal, step, progress } = options
  const failed = await pour(options)
  step('asking the restored database for its rows, constraints and indexes')
  const session = await openScratch(scratch, signal)
  try {
    const found = await readContents(session.query, { reservations, progress })
    return {
      faults: [...failed, ...databaseFaults(manifest.contents, found)],
      newestReservation: found.newestReservation,
    }
  } finally {
    await session.close().catch(() => session.drop())
  }
}

/** @returns what could not be restored, while the rest was */
const pour = async ({ scratch, program, plain, list, folder, signal, progress }: Options) => {
  const useList = join(folder, 'dump.list')
  await writeFile(useList, list, { mode: 0o600 })
  const heard = listening(progress)
  const args = ['--verbose', '--no-password', `--dbname=${scratch.database}`, `--use-list=${useList}`, ...leftOut]
  const { stdin, stdout, ended } = startProgram([program, ...args], {
    signal,
    ...libpqLogin(scratch.url, scratch.database),
    onErrorLine: heard.line,
  })
  stdout.resume()
  let unreadable: { readonly cause: unknown } | undefined
  const poured = feed(plain, stdin, ended).catch((cause: unknown) => {
    unreadable = { cause }
    stdin.destroy()
  })
  const end = await ended.then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  )
  // It ends with 1 also where it went to the end, and only left out what failed.
  if (end && !heard.wentOn()) plain.destroy()
  await poured
  signal.throwIfAborted()
  if (end && !heard.wentOn()) throw unreadable?.cause ?? heard.last() ?? end.cause
  if (unreadable) throw unreadable.cause
  return heard.faults()
}

/** To its end, also where pg_restore has had enough: only whoever has read all of it knows that it is whole. */
const feed = async (plain: Readable, stdin: NodeJS.WritableStream, ended: Promise<void>) => {
  let open = true
  const closed = new Promise<void>((resolve) => {
    const close = () => {
      open = false
      resolve()
    }
    stdin.once('close', close)
    stdin.once('error', close)
    ended.then(close, close)
  })
  for await (const chunk of plain) {
    if (open && !stdin.write(chunk))
      await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), closed])
  }
  if (open) stdin.end()
}

/** A word of pg_restore's on what it is at: `pg_restore: from TOC entry 3321; 2606 16400 CONSTRAINT public x x_pkey owner`. */
const at = /^pg_restore: from TOC entry \d+; \d+ \d+ (.*)$/
const error = /^pg_restore: error: (?:could not execute query: )?(.*)$/
const end = /^pg_restore: (?:warning: )?errors ignored on restore: (\d+)$/

const listening = (progress: () => void) => {
  const faults: Fault[] = []
  let entry = ''
  let ignored = false
  return {
    line: (line: string) => {
      progress()
      entry = at.exec(line)?.[1] ?? entry
      ignored ||= end.test(line)
      const words = error.exec(line)?.[1]
      if (words !== undefined) faults.push({ fault: 'other', words: `could not restore ${entry || 'it'}: ${words}` })
    },
    wentOn: () => ignored,
    faults: (): readonly Fault[] => faults,
    /** Not all that it said: what it quotes of rows is nobody's business. */
    last: () => {
      const words = faults.at(-1)?.words
      return words === undefined ? undefined : new Error(`pg_restore ended: ${words}`)
    },
  }
}
