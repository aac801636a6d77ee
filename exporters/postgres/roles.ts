import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

export const roleLimit = gauge({
  name: 'pg_roles_connection_limit',
  peer: 'postgres_exporter',
  help: 'Connections this role may have at once, -1 where it has no limit of its own',
  labels: ['rolname'],
})

/** Some give every tenant a role: those without a limit are the first to be left out. */
const mostRoles = 500

/** How many connections each role may have. */
export const roles: Collector<Postgres> = {
  name: 'roles',
  metrics: [roleLimit],
  collect: async ({ table }) => readings(await table(sql), { rolconnlimit: roleLimit }),
}

const sql = `
  select rolname, rolconnlimit from pg_roles order by rolconnlimit = -1, rolname limit ${mostRoles}`
