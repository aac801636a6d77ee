import {
  postgresConnectionsExhausted,
  postgresConnectionsNearLimit,
  postgresDatabaseConnectionsNearLimit,
  postgresRoleConnectionsNearLimit,
} from '../../../../alerts/postgres/connections.ts'
import { password } from '../../faults/servers.ts'
import type { Provocation } from '../provocation.ts'
import { type Application, misconduct } from './application.ts'

/** Three of them are kept for superusers. */
export const connectionSettings = { max_connections: '30' } as const

/** Roles and a database with limits of their own; a superuser is bound by none. */
export const connectionsSql = [
  `create role booking login password '${password}'`,
  `create role report login password '${password}' connection limit 5`,
  'create database annex connection limit 5',
] as const

const untilRefused = (words: string) => async (application: Application) => {
  const refused = await application.exhaust()
  if (!refused.includes(words)) throw new Error(`refused with ${refused}, not with ${words}`)
}

/** All sessions there can be: of a database, of a role, of the server. */
export const connectionFaults = (instance: string, url: string): readonly Provocation[] => [
  misconduct({
    fault: 'a pool that leaves 23 of 27 connections open',
    url,
    application: 'leaking-pool',
    login: 'booking',
    fires: [{ alert: postgresConnectionsNearLimit, labels: { instance } }],
    bring: ({ open }) => Promise.all(Array.from({ length: 23 }, open)),
  }),
  misconduct({
    fault: 'clients connect until the server has no connection left for them',
    url,
    application: 'thundering-herd',
    login: 'booking',
    fires: [{ alert: postgresConnectionsExhausted, labels: { instance } }],
    bring: untilRefused('remaining connection slots are reserved'),
  }),
  misconduct({
    fault: 'clients connect until a database with a limit of its own refuses them',
    url,
    application: 'annex-pool',
    login: 'booking',
    database: 'annex',
    fires: [{ alert: postgresDatabaseConnectionsNearLimit, labels: { instance, datname: 'annex' } }],
    bring: untilRefused('too many connections for database'),
  }),
  misconduct({
    fault: 'clients connect until a role with a limit of its own is refused',
    url,
    application: 'report-pool',
    login: 'report',
    fires: [{ alert: postgresRoleConnectionsNearLimit, labels: { instance, usename: 'report' } }],
    bring: untilRefused('too many connections for role'),
  }),
]
