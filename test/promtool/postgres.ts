import {
  postgresConnectionsNearLimit,
  postgresDown,
  postgresSlowStatement,
  postgresUnusedIndex,
} from '../../alerts/postgres.ts'
import { activityCount } from '../../exporters/postgres/activity.ts'
import { postgresVitals } from '../../exporters/postgres/index.ts'
import { indexScans, indexSize } from '../../exporters/postgres/indexes.ts'
import { maxConnections, reservedConnections, superuserConnections } from '../../exporters/postgres/settings.ts'
import { statementCalls, statementSeconds } from '../../exporters/postgres/statements.ts'
import { remainder } from '../../exporters/reading.ts'
import type { Case } from './case.ts'
import { rising, scraped, series } from './series.ts'

const at = scraped.postgres

const down: readonly Case[] = [
  {
    name: 'PostgreSQL that does not answer is told after a minute',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '1x2 0x5')],
    at: '5m',
    fires: [{ rule: postgresDown, labels: at }],
  },
  {
    name: 'PostgreSQL that answers is not told',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '1x10')],
    at: '10m',
    fires: [],
  },
  {
    name: 'PostgreSQL that misses single scrapes is not told',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '0 1 0 1 0 1')],
    at: '4m',
    fires: [],
  },
]

const session = {
  datname: 'techplus',
  state: 'active',
  usename: 'techplus',
  application_name: 'api',
  backend_type: 'client backend',
  wait_event_type: '',
  wait_event: '',
}

/** 110 connections, of which applications may use 100. */
const connections = ({ active, idle }: { readonly active: number; readonly idle: number }) => [
  series(maxConnections, 'postgres', '110x20'),
  series(superuserConnections, 'postgres', '3x20'),
  series(reservedConnections, 'postgres', '7x20'),
  series(activityCount, 'postgres', `${active}x20`, session),
  series(activityCount, 'postgres', `${idle}x20`, { ...session, state: 'idle' }),
  series(activityCount, 'postgres', '30x20', {
    ...session,
    datname: '',
    usename: '',
    application_name: '',
    backend_type: 'parallel worker',
  }),
]

const nearLimit: readonly Case[] = [
  {
    name: 'connections are told above 80 % of what applications may use, the reserved ones not among it',
    about: postgresConnectionsNearLimit,
    series: connections({ active: 45, idle: 40 }),
    at: '5m',
    fires: [{ rule: postgresConnectionsNearLimit, labels: at, value: '85%' }],
  },
  {
    name: 'connections of the server itself take none from applications',
    about: postgresConnectionsNearLimit,
    series: connections({ active: 35, idle: 40 }),
    at: '10m',
    fires: [],
  },
]

const statement = { user: 'techplus', datname: 'techplus', queryid: '-4711' }

const executed = (calls: number, each: number, labels: typeof statement = statement) => [
  series(statementCalls, 'postgres', rising([[calls, 30]]), labels),
  series(statementSeconds, 'postgres', rising([[calls * each, 30]]), labels),
]

const slow: readonly Case[] = [
  {
    name: 'a statement that takes two seconds, thirty times a minute, is told with its id',
    about: postgresSlowStatement,
    series: [...executed(30, 2), ...executed(600, 0.01, { ...statement, queryid: '815' })],
    at: '20m',
    fires: [{ rule: postgresSlowStatement, labels: { ...at, ...statement }, value: '2s' }],
  },
  {
    name: 'a statement that takes half a second is not told, however often it runs',
    about: postgresSlowStatement,
    series: executed(600, 0.5),
    at: '20m',
    fires: [],
  },
  {
    name: 'a slow statement that hardly ever runs is not told',
    about: postgresSlowStatement,
    series: executed(1, 3),
    at: '20m',
    fires: [],
  },
  {
    name: 'the statements summed as the remainder are not told: there is none to mend',
    about: postgresSlowStatement,
    series: executed(30, 2, { user: '', datname: '', queryid: remainder }),
    at: '20m',
    fires: [],
  },
]

const index = {
  datname: 'techplus',
  schemaname: 'public',
  relname: 'reservations',
  indexrelname: 'reservations_note_idx',
  constraint: 'none',
}
const megabytes = (count: number) => count * 1024 ** 2

/** A step is 4 minutes: a week is 2520, and Prometheus looks back 5 minutes for a sample. */
const indexed = (scans: string, labels: typeof index = index, size = megabytes(20)) => ({
  about: postgresUnusedIndex,
  step: '4m' as const,
  at: '10200m' as const,
  series: [series(indexScans, 'postgres', scans, labels), series(indexSize, 'postgres', `${size}x2600`, labels)],
})

const unused: readonly Case[] = [
  {
    name: 'a large index that was not read for a week is told with its table',
    ...indexed('5x2600'),
    fires: [{ rule: postgresUnusedIndex, labels: { ...at, ...index } }],
  },
  { name: 'an index that was read once in the week is not told', ...indexed('5x2000 6x600'), fires: [] },
  {
    name: 'an index that backs a constraint is not told: it keeps that true even if no query reads it',
    ...indexed('0x2600', { ...index, constraint: 'unique' }),
    fires: [],
  },
  {
    name: 'an index younger than a week is not told',
    ...indexed('_x100 0x2500'),
    series: [
      series(indexScans, 'postgres', '_x100 0x2500', index),
      series(indexSize, 'postgres', `_x100 ${megabytes(20)}x2500`, index),
    ],
    fires: [],
  },
  { name: 'a small index is not told: it costs little', ...indexed('0x2600', index, megabytes(9)), fires: [] },
  {
    name: 'the indexes summed as the remainder are not told: there is none to drop',
    ...indexed('0x2600', { ...index, schemaname: '', relname: '', indexrelname: 'other' }),
    fires: [],
  },
]

export const postgresCases: readonly Case[] = [...down, ...nearLimit, ...slow, ...unused]
