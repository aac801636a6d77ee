import { buildApi } from '../../../../demo/api.ts'
import { cache } from '../../../../demo/cache.ts'
import { database } from '../../../../demo/database.ts'
import { observed } from '../../../../demo/observed.ts'

/** The demo's API in its own process, without its visitors and its payment provider. */
export interface ApiSettings {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** Nobody has to listen there. */
  readonly paymentsUrl: string
  readonly port: number
  readonly metricsPort: number
}

const { databaseUrl, redisUrl, paymentsUrl, port, metricsPort }: ApiSettings = JSON.parse(process.argv[2] ?? '')
const stores = { database: database(databaseUrl), cache: cache(redisUrl), paymentsUrl }
const service = observed({
  ...stores,
  metrics: { host: '127.0.0.1', port: metricsPort },
  log: { folder: false, console: true },
  http: { log: 'none' },
})
await service.ready()
await buildApi({ ...stores, service }).listen({ host: '127.0.0.1', port })
