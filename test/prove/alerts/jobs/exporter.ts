import { readEnv } from '../../../../config/env.ts'
import { jobsCollectors, jobsVitals } from '../../../../exporters/jobs/index.ts'
import { jobsFolder } from '../../../../exporters/jobs/source.ts'
import { processRegistry } from '../../../../exporters/registry.ts'
import { exporterServer } from '../../../../exporters/server.ts'
import { settingsOf, type WatchedFolder } from './settings.ts'

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
