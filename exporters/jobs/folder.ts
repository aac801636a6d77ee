import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobName } from '../../config/jobs.ts'
import { isCode, wordsOf } from '../failure.ts'
import { type JobRecord, type Running, readRecord, readRunning, readTotals, type Totals } from './record.ts'

/** What the folder of a job holds. */
export interface Kept {
  /** From the oldest to the newest. */
  readonly records: readonly JobRecord[]
  readonly running: Running | undefined
  readonly totals: Totals | undefined
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

/**
 * All that is known of a job. A folder that is not there holds nothing.
 * @throws Error naming the file that cannot be read, or is damaged
 */
export const readKept = async (folder: string, job: JobName): Promise<Kept> => {
  const places = placesOf(folder, job)
  const names = (await listed(places.records)).filter((name) => name.endsWith('.json')).toSorted()
  const [records, running, totals] = await Promise.all([
    Promise.all(names.map((name) => readIf(join(places.records, name), readRecord))),
    readIf(places.running, readRunning),
    readIf(places.totals, readTotals),
  ])
  const through = totals?.through ?? ''
  return {
    // One that was counted among the removed may be there still, where that was cut short.
    records: records.filter((one) => one !== undefined).filter(({ run }) => run > through),
    running,
    totals,
  }
}

const listed = async (path: string) => {
  try {
    return await readdir(path)
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return []
    throw unreadable(path, cause)
  }
}

/** Undefined where there is none, also where it was removed just now. */
export const readIf = async <T>(path: string, read: (text: string) => T): Promise<T | undefined> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (isCode(cause, 'ENOENT')) return undefined
    throw unreadable(path, cause)
  })
  if (text === undefined) return undefined
  try {
    return read(text)
  } catch (cause) {
    throw new Error(`${path} is damaged (${wordsOf(cause)}): put it aside; what it alone told is lost`, { cause })
  }
}

const unreadable = (path: string, cause: unknown) =>
  new Error(`could not read ${path}: ${wordsOf(cause)}. Give this user the right to read JOBS_DIR`, { cause })
