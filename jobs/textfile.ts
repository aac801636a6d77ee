import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { formatFor, printed } from '../exporters/exposition.ts'
import { textfileOf } from '../exporters/jobs/folder.ts'
import { jobsCollectors } from '../exporters/jobs/index.ts'
import { jobsFolder } from '../exporters/jobs/source.ts'
import { replaceFile } from '../exporters/replace-file.ts'

/**
 * Writes what the exporter would serve of the jobs, for node_exporter's `--collector.textfile.directory`.
 * @throws Error where it cannot be written; the file before it stays
 */
export const writeTextfile = async (folder: string): Promise<void> => {
  const source = jobsFolder(folder)
  const nothing = new AbortController().signal
  const account = { spent: () => undefined, failed: () => undefined }
  const readings = await Promise.all(jobsCollectors().map((one) => one.collect(source.reader(account), nothing)))
  const file = textfileOf(folder)
  await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  await replaceFile(file, [...printed(readings.flat(), formatFor())].join(''), 0o644)
}
