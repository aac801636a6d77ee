import { jobEnabled } from '../exporters/jobs/metrics.ts'
import { postgresVitals } from '../exporters/postgres/index.ts'
import { statementInfo } from '../exporters/postgres/statements.ts'
import { tableLiveRows } from '../exporters/postgres/tables.ts'
import { commandCalls } from '../exporters/redis/commands.ts'
import { redisVitals } from '../exporters/redis/index.ts'
import { reservationsVitals } from '../exporters/reservations/index.ts'
import { httpRequestsTotal } from '../exporters/service/http/metrics.ts'
import { not } from '../metrics/metric.ts'
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

export const relation = variable({
  name: 'relation',
  label: 'Table',
  of: tableLiveRows.where({ instance: postgresServer.selected, schemaname: not('') }),
  values: 'relname',
  many: true,
})
export const statement = variable({
  name: 'statement',
  label: 'Query id',
  of: statementInfo.where({ instance: postgresServer.selected }),
  values: 'queryid',
  many: true,
})
export const command = variable({
  name: 'command',
  label: 'Command',
  of: commandCalls.where({ instance: redisServer.selected }),
  values: 'cmd',
  many: true,
})
export const maintenanceJob = variable({
  name: 'maintenance_job',
  label: 'Job',
  of: jobEnabled,
  values: 'job_name',
  many: true,
})

/** Parts of what is watched: only a dashboard that shows them has them, for each asks Prometheus for its values. */
export const parts: readonly Variable[] = [relation, statement, command, maintenanceJob]
