import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JobName, JobSettings } from '../config/jobs.ts'
import { formatFor } from '../exporters/exposition.ts'
import { textfileOf } from '../exporters/jobs/folder.ts'
import { jobsCollectors, jobsVitals } from '../exporters/jobs/index.ts'
import { jobsFolder } from '../exporters/jobs/source.ts'
import { replaceFile } from '../exporters/replace-file.ts'
import { type Scrape, scraper } from '../exporters/scrape.ts'

interface Options {
  /** Who writes: two that write at the same time are not in each other's way. */
  readonly writer: JobName | 'scheduler'
  readonly scrape: Scrape
}

/** Milliseconds. */
const budget = 10_000
/** Whoever scrapes the exporter as well finds there what could not be read, and why. */
const silent = { info: () => undefined, warn: () => undefined }

/** Reads the jobs in this folder as the exporter does; records that are known are not read again. */
export const folderScrape = (folder: string, settings?: JobSettings): Scrape =>
  scraper(
    {
      kind: 'jobs',
      name: folder,
      source: jobsFolder(folder, { settings }),
      collectors: jobsCollectors(),
      vitals: jobsVitals,
    },
    silent,
  )

/**
 * Writes what the exporter would serve of the jobs, for node_exporter's `--collector.textfile.directory`. What cannot be
 * read of one job takes nothing from the others.
 * @throws Error where it cannot be written; the file before it stays
 */
export const writeTextfile = async (folder: string, { writer, scrape }: Options): Promise<void> => {
  const { body } = await scrape(budget)
  const chunks: string[] = []
  for await (const chunk of body(formatFor(), false)) chunks.push(String(chunk))
  const file = textfileOf(folder)
  await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  await replaceFile(file, chunks.join(''), { mode: 0o644, fresh: `${file}.${writer}` })
}
