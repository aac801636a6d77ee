import { readEnv } from '../../../../config/env.ts'
import { type JobName, type JobSetting, type JobSettings, jobs } from '../../../../config/jobs.ts'
import { jobsCollectors, jobsVitals } from '../../../../exporters/jobs/index.ts'
import { jobsFolder } from '../../../../exporters/jobs/source.ts'
import { processRegistry } from '../../../../exporters/registry.ts'
import { exporterServer } from '../../../../exporters/server.ts'

/** A folder of jobs that is read, and what is set of single jobs otherwise than in production. */
export interface WatchedFolder {
  readonly folder: string
  readonly settings?: Readonly<Partial<Record<JobName, Partial<JobSetting>>>>
}

/** All are on: whose are off by default, nobody waits for. None has a schedule, unless it is set. */
const settingsOf = ({ settings = {} }: WatchedFolder): JobSettings => {
  const one = (name: JobName): JobSetting => {
    const { schedule: _, ...rest }: JobSetting = jobs[name]
    return { ...rest, on: true, ...settings[name] }
  }
  return {
    backup: one('backup'),
    'backup-files': one('backup-files'),
    'backup-configuration': one('backup-configuration'),
    'restore-test': one('restore-test'),
    cleanup: one('cleanup'),
    restart: one('restart'),
    update: one('update'),
    'security-audit': one('security-audit'),
    'security-update': one('security-update'),
  }
}

const watched: Readonly<Record<string, WatchedFolder>> = JSON.parse(process.argv[2] ?? '{}')
const scraped = Object.entries(watched).map(([name, one]) => ({
  kind: 'jobs',
  name,
  source: jobsFolder(one.folder, { settings: settingsOf(one) }),
  collectors: jobsCollectors(),
  vitals: jobsVitals,
}))
const server = exporterServer({ scraped, registry: processRegistry() })
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close())
const { EXPORTER_HOST: host, EXPORTER_PORT: port } = readEnv()
await server.listen({ host, port })
