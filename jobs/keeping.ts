import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobName } from '../config/jobs.ts'
import { isCode, wordsOf } from '../exporters/failure.ts'
import { type Kept, placesOf, readKept } from '../exporters/jobs/folder.ts'
import type { JobRecord, Running, Totals } from '../exporters/jobs/record.ts'
import { killed, lastMeasured } from '../exporters/jobs/told.ts'
import { replaceFile, syncFolder } from '../exporters/replace-file.ts'
import type { Tell } from '../exporters/secret.ts'

/** Records of a job that are kept; older ones are only counted. */
const keptRecords = 200
/** Bytes set aside for the record of a run that finds the disk full, or has filled it. */
const reserve = 65_536
/** Where that room is taken by others at once: how often it is tried again, and milliseconds between two times. */
const insistence = { times: 10, pause: 500 }

/** Readable for the exporter, which may run as another user. Nothing secret stands in a record. */
const mode = 0o644

/** What a job writes of its runs. Only whoever holds the lock of the job's folder may use it. */
export interface Keeping {
  /**
   * Writes the records of runs that were killed, and makes order after them.
   * @returns those records, and the name of the last run
   */
  settle(): Promise<{ readonly lost: readonly JobRecord[]; readonly last: string }>
  /** @throws NoRoom where the disk is full; a record still finds room */
  begin(running: Running): Promise<void>
  goOn(running: Running): Promise<void>
  end(record: JobRecord): Promise<void>
  /** The same, in a process that ends now. */
  endAtOnce(record: JobRecord): void
}

/**
 * Makes a folder below `JOBS_DIR`, or that itself.
 * @throws Error saying what to do
 */
export const makeJobsFolder = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o755 }).catch((cause: unknown) => {
    throw new Error(`could not make ${path}: ${wordsOf(cause)}. Set JOBS_DIR to a folder that this user may write to`, {
      cause,
    })
  })
}

/** The disk is full. */
export class NoRoom extends Error {}

const isFull = (cause: unknown) => isCode(cause, 'ENOSPC') || isCode(cause, 'EDQUOT')
const textOf = (content: object) => `${JSON.stringify(content, undefined, 2)}\n`

interface Options {
  readonly tell: Tell
  readonly kept?: number
}

export const keepingOf = (folder: string, job: JobName, { tell, kept: most = keptRecords }: Options): Keeping => {
  const places = placesOf(folder, job)
  const reserved = join(places.own, 'reserve')
  const write = async (path: string, content: object) => {
    await replaceFile(path, textOf(content), { mode })
    await syncFolder(path)
  }
  const setAside = () => writeFile(reserved, Buffer.alloc(reserve, ' '))
  /** Gives the reserve away where there is no room otherwise. */
  const insist = async (path: string, content: object) => {
    for (let left = insistence.times; ; left--) {
      try {
        return await write(path, content)
      } catch (cause) {
        if (!isFull(cause) || left === 0) throw cause
        if (existsSync(reserved)) await rm(reserved, { force: true })
        else await delay(insistence.pause)
      }
    }
  }
  // It can wait for the next run.
  const tidy = () =>
    prune(folder, job, { most, write }).catch((cause: unknown) =>
      tell(`could not remove old records: ${wordsOf(cause)}`),
    )
  return {
    settle: async () => {
      await mkdir(places.records, { recursive: true, mode: 0o755 })
      const kept = await readKept(folder, job)
      await putAside(kept, tell)
      const lost = kept.running ? [killed(kept.running)] : []
      for (const record of lost) await insist(places.record(record.run), record)
      await rm(places.running, { force: true })
      await tidy()
      return { lost, last: lastOf(kept) }
    },
    begin: async (running) => {
      try {
        await setAside()
        await write(places.running, running)
      } catch (cause) {
        if (isFull(cause)) throw new NoRoom(`the disk of ${folder} is full: make room there`, { cause })
        throw cause
      }
    },
    goOn: (running) => write(places.running, running),
    end: async (record) => {
      await insist(places.record(record.run), record)
      await rm(places.running, { force: true })
      // It stays for the next run, which may find the disk full.
      if (!existsSync(reserved)) await setAside().catch(() => rm(reserved, { force: true }))
      await tidy()
    },
    endAtOnce: (record) => {
      try {
        writeAtOnce(places.record(record.run), textOf(record))
      } catch (cause) {
        if (!isFull(cause)) throw cause
        rmSync(reserved, { force: true })
        writeAtOnce(places.record(record.run), textOf(record))
      }
      rmSync(places.running, { force: true })
    },
  }
}

/** As `replaceFile` does. */
const writeAtOnce = (path: string, text: string) => {
  const file = openSync(`${path}.new`, 'w', mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
}

/** What nobody understands is kept for whoever mends it, and keeps no job from running. */
const putAside = async ({ damaged }: Kept, tell: Tell) => {
  for (const { path, cause } of damaged) {
    tell(`${cause.message}. It is ${path}.damaged now`)
    await rename(path, `${path}.damaged`)
  }
}

interface Prune {
  readonly most: number
  write(path: string, content: object): Promise<void>
}

/** Removes the oldest records once they are counted, and what was left where that was cut short. */
const prune = async (folder: string, job: JobName, { most, write }: Prune) => {
  const places = placesOf(folder, job)
  const { records, totals } = await readKept(folder, job)
  const old = records.slice(0, Math.max(0, records.length - most))
  const through = old.at(-1)?.run ?? totals?.through ?? ''
  if (old.length > 0) await write(places.totals, folded(totals, old))
  for (const name of await readdir(places.records)) {
    const over = name.endsWith('.json') ? name.slice(0, -'.json'.length) <= through : name.endsWith('.new')
    if (over) await unlink(join(places.records, name))
  }
}

/** What the records that go were, added to what went before. */
const folded = (totals: Totals | undefined, old: readonly JobRecord[]): Totals => {
  const runs = { ...totals?.runs }
  for (const { outcome } of old) runs[outcome] = (runs[outcome] ?? 0) + 1
  const success = old.findLast(({ outcome }) => outcome === 'succeeded')?.ended ?? totals?.lastSuccess
  return {
    version: 1,
    through: old.at(-1)?.run ?? '',
    runs,
    ...(success !== undefined && { lastSuccess: success }),
    samples: [...lastMeasured(old, totals?.samples)],
  }
}

const lastOf = ({ records, running, totals }: Kept) =>
  [totals?.through, records.at(-1)?.run, running?.run].reduce<string>((last, run = '') => (run > last ? run : last), '')

/** Sorts by the time of the start, behind the run before also where the clock was set back. */
export const runName = (moment: number, last = ''): string => {
  const name = (at: number) => `${new Date(at).toISOString().replaceAll(':', '.')}-${randomBytes(2).toString('hex')}`
  const own = name(moment)
  if (own > last) return own
  const before = Date.parse(last.slice(0, 24).replace(/T(\d\d)\.(\d\d)\./, 'T$1:$2:'))
  return Number.isNaN(before) ? `${last}-${own}` : name(before + 1)
}
