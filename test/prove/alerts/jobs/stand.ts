import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Server, startProcess } from '../../../../compose/local/process.ts'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { startRedis } from '../../../../compose/local/servers.ts'
import { type JobName, jobs } from '../../../../config/jobs.ts'
import type { JobRecord } from '../../../../exporters/jobs/record.ts'
import type { Job, Run } from '../../../../jobs/job.ts'
import { runJob } from '../../../../jobs/runner.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { eventually, freePort, portOf, type workshop } from '../../../integration/servers.ts'
import type { Expected, Scraped, Watch } from '../provocation.ts'
import type { WatchedFolder } from './settings.ts'

export type Shop = ReturnType<typeof workshop>

/** The same, with a folder of its own: what stands there takes names of its own in it. */
export const inFolder = (shop: Shop, name: string): Shop => {
  const folder = join(shop.folder, name)
  mkdirSync(folder, { recursive: true })
  return { ...shop, folder }
}

/** Our exporter, which reads these folders of jobs. */
export const readingJobs = async (
  shop: Shop,
  watched: Readonly<Record<string, WatchedFolder>>,
): Promise<readonly Scraped[]> => {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  shop.keep(
    await startProcess({
      name: 'the exporter of jobs',
      home: join(shop.folder, 'jobs-exporter'),
      command: process.execPath,
      args: [await bundleOurs(new URL('exporter.ts', import.meta.url)), JSON.stringify(watched)],
      env: { NODE_ENV: 'production', NODE_OPTIONS: '', EXPORTER_PORT: String(port) },
      ready: async () => (await fetch(`${origin}/health`)).ok,
    }),
  )
  return Object.keys(watched).map((instance) => ({
    job: 'jobs',
    instance,
    url: `${origin}/metrics/jobs/${instance}`,
  }))
}

/** A job that does this. */
export const jobThat = (name: JobName, act: (run: Run) => Promise<string>): Job => ({
  name,
  setting: jobs[name],
  plan: async () => ({ steps: ['do what the scene asks for'], run: act }),
})

/** The same Redis on its port after it was ended: it has lost what it had in memory. */
export const redisAgain = async (shop: Shop, { log, url }: Server, password?: string): Promise<Server> => {
  const { 'redis-server': program } = await ensurePrograms(['redis-server'])
  const options = { program, dataDir: log.replace(/\.log$/, ''), port: portOf(url) }
  return shop.keep(await startRedis({ ...options, ...(password !== undefined && { password }) }))
}

/** One run in this process, as the scheduler makes it. */
export const runOf = (job: Job, folder: string, signal = new AbortController().signal): Promise<JobRecord> =>
  runJob(job, { folder, signal, tell: () => undefined, graceMs: 1_000 })

/** A run that is to end so; else it was another fault than the one that is meant. */
export const endsAs = async (run: Promise<JobRecord>, outcome: JobRecord['outcome']) => {
  const record = await run
  if (record.outcome !== outcome) throw new Error(`it ended as ${record.outcome}: ${record.failures.join('; ')}`)
  return record
}

/** Until it is no longer told of: what was usual before took its time. */
export const silent = (watch: Watch, ...alerts: readonly Expected[]) =>
  eventually(
    () => alerts.map((one) => watch.told(one)),
    (told) => !told.includes('firing'),
    { within: 60_000, every: 200 },
  )
