import { randomBytes } from 'node:crypto'
import { mkdir, rm, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JobName } from '../config/jobs.ts'
import { placesOf, readKept } from '../exporters/jobs/folder.ts'
import type { JobRecord, Running, Totals } from '../exporters/jobs/record.ts'
import { killed } from '../exporters/jobs/told.ts'
import { replaceFile, syncFolder } from '../exporters/replace-file.ts'

/** Records of a job that are kept; older ones are only counted. */
const keptRecords = 200
/** Bytes set aside while a job runs, so that its record finds room on a disk that it has filled. */
const reserve = 65_536

/** Readable for the exporter, which may run as another user. Nothing secret stands in a record. */
const mode = 0o644

/** What a job writes of its runs. Only whoever holds the lock of the job's folder may use it. */
export interface Keeping {
  /** @returns the records of runs that were killed, which are written now */
  begin(running: Running): Promise<readonly JobRecord[]>
  goOn(running: Running): Promise<void>
  end(record: JobRecord): Promise<void>
}

export const keepingOf = (folder: string, job: JobName): Keeping => {
  const places = placesOf(folder, job)
  const reserved = `${places.running}.reserve`
  const write = async (path: string, content: object) => {
    await replaceFile(path, `${JSON.stringify(content, undefined, 2)}\n`, mode)
    await syncFolder(path)
  }
  const put = (record: JobRecord) => write(places.record(record.run), record)
  const prune = async () => {
    const { records, totals } = await readKept(folder, job)
    const old = records.slice(0, Math.max(0, records.length - keptRecords))
    if (old.length === 0) return
    await write(places.totals, folded(totals, old))
    for (const { run } of old) await unlink(places.record(run))
  }
  return {
    begin: async (running) => {
      await mkdir(places.records, { recursive: true, mode: 0o755 })
      const { running: left, records } = await readKept(folder, job)
      const lost = left && !records.some(({ run }) => run === left.run) ? [killed(left)] : []
      for (const record of lost) await put(record)
      await write(places.running, running)
      await writeFile(reserved, Buffer.alloc(reserve, ' '))
      return lost
    },
    goOn: (running) => write(places.running, running),
    end: async (record) => {
      await rm(reserved, { force: true })
      await put(record)
      await rm(places.running, { force: true })
      await prune()
    },
  }
}

/** What the records that go were, added to what went before. */
const folded = (totals: Totals | undefined, old: readonly JobRecord[]): Totals => {
  const runs = { ...totals?.runs }
  for (const { outcome } of old) runs[outcome] = (runs[outcome] ?? 0) + 1
  const success = old.findLast(({ outcome }) => outcome === 'succeeded')?.ended ?? totals?.lastSuccess
  return { version: 1, through: old.at(-1)?.run ?? '', runs, ...(success !== undefined && { lastSuccess: success }) }
}

/** Sorts by the time of the start, behind the run before also where the clock was set back. */
export const runName = (moment: number, last = ''): string => {
  const name = (at: number) => `${new Date(at).toISOString().replaceAll(':', '.')}-${randomBytes(2).toString('hex')}`
  const own = name(moment)
  if (own > last) return own
  const before = Date.parse(last.slice(0, 24).replace(/T(\d\d)\.(\d\d)\./, 'T$1:$2:'))
  return name(before + 1)
}

/** Makes the folder of all jobs, where it is not there. */
export const makeFolder = (folder: string, job: JobName) =>
  mkdir(dirname(placesOf(folder, job).records), { recursive: true, mode: 0o755 })
