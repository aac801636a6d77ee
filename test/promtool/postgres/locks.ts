import {
  postgresDeadlocks,
  postgresLockQueueLong,
  postgresLockTableNearFull,
  postgresSessionsBlocked,
  postgresStandbyConflicts,
} from '../../../alerts/postgres/locks.ts'
import { blockedLongest, blockedSessions, blockerLongest } from '../../../exporters/postgres/blockers.ts'
import { databaseConflicts, databaseDeadlocks } from '../../../exporters/postgres/databases.ts'
import { locksHeld } from '../../../exporters/postgres/locks.ts'
import {
  maxConnections,
  maxLocksPerTransaction,
  maxPreparedTransactions,
} from '../../../exporters/postgres/settings.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'

const at = scraped.postgres
const named = { datname: 'techplus' }

const client = { ...named, usename: 'techplus', application_name: 'migration' }
const root = { ...client, state: 'active', queryid: '-4711' }
const waits = (seconds: string, of = root) => series(blockerLongest, 'postgres', seconds, of)

const blocked: readonly Case[] = [
  {
    name: 'whoever lets others wait for more than a minute is told by name',
    about: postgresSessionsBlocked,
    series: [waits('0x5 75x20')],
    at: '8m',
    fires: [{ rule: postgresSessionsBlocked, labels: { ...at, ...client }, value: '1m 15s' }],
  },
  {
    name: 'whoever blocks others is the same whatever it does meanwhile',
    about: postgresSessionsBlocked,
    series: [
      waits('0x5 60+60x1 _x20'),
      waits('_x8 180+60x20', { ...root, state: 'idle in transaction', queryid: '815' }),
    ],
    at: '8m',
    fires: [{ rule: postgresSessionsBlocked, labels: { ...at, ...client }, value: '3m 0s' }],
  },
  {
    name: 'whoever lets others wait for a minute is not told',
    about: postgresSessionsBlocked,
    series: [waits('60x20')],
    at: '10m',
    fires: [],
  },
  {
    name: 'a wait of two minutes is not told at first sight',
    about: postgresSessionsBlocked,
    series: [waits('0x5 120x10')],
    at: '6m',
    fires: [],
  },
  {
    name: 'all others who block somebody are nobody in particular',
    about: postgresSessionsBlocked,
    series: [waits('300x20', { datname: '', usename: '', application_name: '', state: '', queryid: remainder })],
    at: '10m',
    fires: [],
  },
]

const queue = (sessions: string, longest: string) => ({
  about: postgresLockQueueLong,
  series: [
    series(blockedSessions, 'postgres', sessions, named),
    series(blockedLongest, 'postgres', longest, named),
    series(blockedSessions, 'postgres', '0x30', { datname: 'postgres' }),
    series(blockedLongest, 'postgres', '0x30', { datname: 'postgres' }),
  ],
})

const queues: readonly Case[] = [
  {
    name: 'many sessions that wait, each but briefly, are told with how many they are at least',
    ...queue('12 14 11 15 12 14 11 15 12 14 11', '40x30'),
    at: '10m',
    fires: [{ rule: postgresLockQueueLong, labels: { ...at, ...named }, value: '11' }],
  },
  {
    name: 'many sessions that began to wait only minutes ago are told',
    ...queue('0x5 12x20', '40x30'),
    at: '11m',
    fires: [{ rule: postgresLockQueueLong, labels: { ...at, ...named }, value: '12' }],
  },
  { name: 'ten sessions that wait are not told', ...queue('10x30', '40x30'), at: '10m', fires: [] },
  {
    name: 'many sessions that wait now and then are not told',
    ...queue('90 0 80 0 90 0 80 0', '40x30'),
    at: '7m',
    fires: [],
  },
  { name: 'many sessions that wait are not told at first sight', ...queue('0x5 40x20', '40x30'), at: '7m', fires: [] },
  {
    name: 'sessions that wait for one who blocks them for long are told as that alone',
    ...queue('40x30', '90x30'),
    at: '10m',
    fires: [],
  },
]

/** Room for 64 x (100 + 10) = 7040 locks. */
const table = (values: string) => ({
  about: postgresLockTableNearFull,
  series: [
    series(maxLocksPerTransaction, 'postgres', '64x30'),
    series(maxConnections, 'postgres', '100x30'),
    series(maxPreparedTransactions, 'postgres', '10x30'),
    series(locksHeld, 'postgres', values, { ...named, mode: 'accesssharelock' }),
    series(locksHeld, 'postgres', '704x30', { datname: 'annex', mode: 'exclusivelock' }),
    series(locksHeld, 'postgres', '7040x30', { ...named, mode: 'sireadlock' }),
  ],
})

const lockTable: readonly Case[] = [
  {
    name: 'a lock table that is nearly full is told, by the locks of all databases',
    ...table('5280x30'),
    at: '5m',
    fires: [{ rule: postgresLockTableNearFull, labels: at, value: '85%' }],
  },
  { name: 'a lock table with a fifth of its room left is not told', ...table('4928x30'), at: '10m', fires: [] },
  { name: 'a lock table that is full for a moment is not told', ...table('0x5 7000 0x20'), at: '6m', fires: [] },
]

const database = { datid: '16384', datname: 'techplus' }
const shared = { datid: '0', datname: '' }
const dead = (perMinute: number, of = database) => ({
  about: postgresDeadlocks,
  series: [series(databaseDeadlocks, 'postgres', rising([[perMinute, 60]]), of)],
  at: '40m' as const,
})

const deadlocks: readonly Case[] = [
  {
    name: 'a deadlock every two minutes is told',
    ...dead(0.5),
    fires: [{ rule: postgresDeadlocks, labels: { ...at, ...named }, value: '7.5' }],
  },
  { name: 'a deadlock every four minutes is not told', ...dead(0.25), fires: [] },
  { name: 'deadlocks are not told at first sight', ...dead(20), at: '1m', fires: [] },
  { name: 'what databases share has no deadlocks of its own', ...dead(2, shared), fires: [] },
]

const cancelled = (perMinute: number, of = database) => ({
  about: postgresStandbyConflicts,
  series: [series(databaseConflicts, 'postgres', rising([[perMinute, 60]]), of)],
  at: '40m' as const,
})

const conflicts: readonly Case[] = [
  {
    name: 'a standby that cancels a query every minute is told',
    ...cancelled(1),
    fires: [{ rule: postgresStandbyConflicts, labels: { ...at, ...named }, value: '15' }],
  },
  { name: 'a standby that cancels a query now and then is not told', ...cancelled(0.5), fires: [] },
  { name: 'queries that a standby cancels are not told at first sight', ...cancelled(40), at: '1m', fires: [] },
  { name: 'what databases share has no queries to cancel', ...cancelled(2, shared), fires: [] },
]

export const lockCases: readonly Case[] = [...blocked, ...queues, ...lockTable, ...deadlocks, ...conflicts]
