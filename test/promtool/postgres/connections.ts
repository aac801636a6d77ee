import {
  postgresConnectionsExhausted,
  postgresConnectionsNearLimit,
  postgresDatabaseConnectionsNearLimit,
  postgresRoleConnectionsNearLimit,
} from '../../../alerts/postgres/connections.ts'
import { activityCount } from '../../../exporters/postgres/activity.ts'
import { databaseConnectionLimit } from '../../../exporters/postgres/databases.ts'
import { roleLimit } from '../../../exporters/postgres/roles.ts'
import { maxConnections, reservedConnections, superuserConnections } from '../../../exporters/postgres/settings.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const at = scraped.postgres

const session = {
  datname: 'techplus',
  state: 'active',
  usename: 'techplus',
  application_name: 'api',
  backend_type: 'client backend',
  wait_event_type: '',
  wait_event: '',
}

/** Workers of the server itself: they take no connection. */
const workers = series(activityCount, 'postgres', '30x30', { ...session, backend_type: 'parallel worker' })

/** 110 connections, of which applications may use 100. */
const connections = (active: string, idle: string) => [
  series(maxConnections, 'postgres', '110x30'),
  series(superuserConnections, 'postgres', '3x30'),
  series(reservedConnections, 'postgres', '7x30'),
  series(activityCount, 'postgres', active, session),
  series(activityCount, 'postgres', idle, { ...session, state: 'idle' }),
  workers,
]

const nearLimit: readonly Case[] = [
  {
    name: 'connections are told above 80 % of what applications may use, the reserved ones not among it',
    about: postgresConnectionsNearLimit,
    series: connections('45x20', '36x20'),
    at: '5m',
    fires: [{ rule: postgresConnectionsNearLimit, labels: at, value: '81%' }],
  },
  {
    name: 'connections of the server itself take none from applications',
    about: postgresConnectionsNearLimit,
    series: connections('44x20', '36x20'),
    at: '10m',
    fires: [],
  },
  {
    name: 'connections near the limit for two minutes are not told yet',
    about: postgresConnectionsNearLimit,
    series: connections('45x20', '5x5 45x15'),
    at: '7m',
    fires: [],
  },
  {
    name: 'connections that go back below the limit for a moment are one incident',
    about: postgresConnectionsNearLimit,
    series: connections('45x20', '45x6 20x4 45x10'),
    at: '10m',
    fires: [{ rule: postgresConnectionsNearLimit, labels: at, value: '90%' }],
  },
]

const exhausted: readonly Case[] = [
  {
    name: 'no connection left for applications is told after a minute',
    about: postgresConnectionsExhausted,
    series: connections('60x20', '20x5 40x15'),
    at: '8m',
    fires: [{ rule: postgresConnectionsExhausted, labels: at }],
  },
  {
    name: 'two connections that are left only between two clients are none',
    about: postgresConnectionsExhausted,
    series: connections('60x20', '38x20'),
    at: '5m',
    fires: [{ rule: postgresConnectionsExhausted, labels: at }],
  },
  {
    name: 'three connections left are some',
    about: postgresConnectionsExhausted,
    series: connections('60x20', '37x20'),
    at: '10m',
    fires: [],
  },
  {
    name: 'no connection left for a moment is not told',
    about: postgresConnectionsExhausted,
    series: connections('60x20', '20x5 40x15'),
    at: '6m',
    fires: [],
  },
]

const perDatabase = { datname: 'techplus' }
const database = (limit: string, count: string) => ({
  about: postgresDatabaseConnectionsNearLimit,
  series: [
    series(databaseConnectionLimit, 'postgres', limit, perDatabase),
    series(databaseConnectionLimit, 'postgres', '-1x30', { datname: 'postgres' }),
    series(activityCount, 'postgres', count, session),
    series(activityCount, 'postgres', '5x30', { ...session, state: 'idle', application_name: 'psql' }),
    series(activityCount, 'postgres', '90x30', { ...session, datname: 'postgres' }),
    workers,
  ],
})

const databases: readonly Case[] = [
  {
    name: 'a database whose own limit is nearly reached is told, whoever holds its connections',
    ...database('20x30', '12x30'),
    at: '5m',
    fires: [{ rule: postgresDatabaseConnectionsNearLimit, labels: { ...at, ...perDatabase }, value: '85%' }],
  },
  { name: 'a database at 80 % of its own limit is not told', ...database('20x30', '11x30'), at: '10m', fires: [] },
  {
    name: 'a database near its own limit is not told within two minutes',
    ...database('20x30', '2x5 12x20'),
    at: '7m',
    fires: [],
  },
  { name: 'a database without a limit of its own is not told', ...database('-1x30', '95x30'), at: '10m', fires: [] },
  { name: 'a database that takes no connection is not told', ...database('0x30', '1x30'), at: '10m', fires: [] },
]

const login = { rolname: 'techplus' }
const role = (limit: string, count: string) => ({
  about: postgresRoleConnectionsNearLimit,
  series: [
    series(roleLimit, 'postgres', limit, login),
    series(roleLimit, 'postgres', '-1x30', { rolname: 'postgres' }),
    series(activityCount, 'postgres', count, session),
    series(activityCount, 'postgres', '5x30', { ...session, datname: 'annex' }),
    series(activityCount, 'postgres', '90x30', { ...session, usename: 'postgres' }),
    workers,
  ],
})

const roles: readonly Case[] = [
  {
    name: 'a role whose own limit is nearly reached is told, in whatever databases its sessions are',
    ...role('20x30', '12x30'),
    at: '5m',
    fires: [{ rule: postgresRoleConnectionsNearLimit, labels: { ...at, usename: 'techplus' }, value: '85%' }],
  },
  { name: 'a role at 80 % of its own limit is not told', ...role('20x30', '11x30'), at: '10m', fires: [] },
  {
    name: 'a role near its own limit is not told within two minutes',
    ...role('20x30', '2x5 12x20'),
    at: '7m',
    fires: [],
  },
  { name: 'a role without a limit of its own is not told', ...role('-1x30', '95x30'), at: '10m', fires: [] },
  { name: 'a role that may not connect at all is not told', ...role('0x30', '1x30'), at: '10m', fires: [] },
]

export const connectionCases: readonly Case[] = [...nearLimit, ...exhausted, ...databases, ...roles]
