import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { JobName } from '../../config/jobs.ts'
import { isCode, wordsOf } from '../failure.ts'
import { type JobRecord, type Running, readRecord, readRunning, readTotals, type Totals } from './record.ts'

/** What the folder of a job holds. */
export interface Kept {
  /** From the oldest to the newest. */
  readonly records: readonly JobRecord[]
  /** The run that has no record yet, whether it goes on or was killed. */
  readonly running: Running | undefined
  readonly totals: Totals | undefined
  /** What could not be understood, and is missing here. */
  readonly damaged: readonly Damage[]
}

export interface Damage {
  readonly path: string
  readonly cause: Error
}

/** Where each part of what a job leaves stands, below the folder of all jobs. */
export const placesOf = (folder: string, job: JobName) => {
  const own = join(folder, job)
  return {
    own,
    records: join(own, 'records'),
    running: join(own, 'running.json'),
    totals: join(own, 'totals.json'),
    record: (run: string) => join(own, 'records', `${run}.json`),
  } as const
}

/** Where node_exporter finds what the exporter serves, for whoever scrapes that instead. */
export const textfileOf = (folder: string): string => join(folder, 'textfile', 'jobs.prom')
/** When the scheduler was there last, and since when it knows each job. */
export const schedulerOf = (folder: string): string => join(folder, 'scheduler.json')

/** Records never change: whoever reads again and again keeps them, by path. */
export type KnownRecords = Map<string, JobRecord>

/**
 * All that is known of a job. A folder that is not there holds nothing.
 *
 * In the reverse of the order in which it is written: a run that ends meanwhile is there at least once, and records that are
 * counted among the removed meanwhile are there exactly once.
 * @throws Error naming the file that cannot be read
 */
export const readKept = async (folder: string, job: JobName, known: KnownRecords = new Map()): Promise<Kept> => {
  const places = placesOf(folder, job)
  const damaged: Damage[] = []
  const tolerant = async <T>(path: string, read: (text: string) => T) => {
    try {
      return await readIf(path, read)
    } catch (cause) {
      if (!(cause instanceof Damaged)) throw cause
      damaged.push({ path, cause })
      return undefined
    }
  }
  const running = await tolerant(places.running, readRunning)
  const paths = (await listed(places.records)).filter((name) => name.endsWith('.json')).toSorted()
  const found = await Promise.all(
    paths
      .map((name) => join(places.records, name))
      .map(async (path) => {
        const record = known.get(path) ?? (await tolerant(path, named(path)))
        return record && ([path, record] as const)
      }),
  )
  const read = found.filter((one) => one !== undefined)
  known.clear()
  for (const [path, record] of read) known.set(path, record)
  const totals = await tolerant(places.totals, readTotals)
  const through = totals?.through ?? ''
  const records = read.map(([, record]) => record)
  return {
    records: records.filter(({ run }) => run > through),
    running: records.some(({ run }) => run === running?.run) ? undefined : running,
    totals,
    damaged,
  }
}

/** By another name than its own it would be counted where it does not belong. */
const named = (path: string) => (text: string) => {
  const record = readRecord(text)
  if (`${record.run}.json` !== basename(path)) throw new Error(`it is the record of ${record.run}`)
  return record
}

const listed = async (path: string) => {
  try {
    return await readdir(path)
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return []
    throw unreadable(path, cause)
  }
}

/** A file is there, and not what it should be. */
export class Damaged extends Error {}

/**
 * Undefined where there is none, also where it was removed just now.
 * @throws Damaged
 * @throws Error where it cannot be read
 */
export const readIf = async <T>(path: string, read: (text: string) => T): Promise<T | undefined> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return undefined
    throw unreadable(path, cause)
  })
  if (text === undefined) return undefined
  try {
    return read(text)
  } catch (cause) {
    throw new Damaged(`${path} is damaged (${wordsOf(cause)}): put it aside; what it alone told is lost`, { cause })
  }
}

const unreadable = (path: string, cause: unknown) =>
  new Error(`could not read ${path}: ${wordsOf(cause)}. Give this user the right to read JOBS_DIR`, { cause })
