import { postgresVitals } from '../exporters/postgres/index.ts'
import { redisVitals } from '../exporters/redis/index.ts'
import { reservationsVitals } from '../exporters/reservations/index.ts'
import { httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { type Variable, variable } from './variable.ts'

export const api = variable({ name: 'api', label: 'API', of: httpRequestsTotal, values: 'instance', many: true })
export const route = variable({
  name: 'route',
  label: 'Route',
  of: httpRequestsTotal.where({ instance: api.selected }),
  values: 'route',
  many: true,
})
export const database = variable({
  name: 'database',
  label: 'Database',
  of: reservationsVitals.up,
  values: 'instance',
})
export const postgresServer = variable({
  name: 'postgres',
  label: 'PostgreSQL',
  of: postgresVitals.up,
  values: 'instance',
})
export const redisServer = variable({ name: 'redis', label: 'Redis', of: redisVitals.up, values: 'instance' })

/** Every dashboard has them all, those it does not show hidden: Grafana carries along only what a dashboard has. */
export const everyVariable: readonly Variable[] = [api, route, database, postgresServer, redisServer]
