import { postgresIdleInTransaction, postgresLongTransaction } from '../../../alerts/postgres/transactions.ts'
import { activityMaxTransaction } from '../../../exporters/postgres/activity.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const client = { datname: 'techplus', usename: 'techplus', application_name: 'api' }
const labels = { ...scraped.postgres, ...client }
const working = { ...client, state: 'active', backend_type: 'client backend', wait_event_type: '', wait_event: '' }
const idle = { ...working, state: 'idle in transaction', wait_event_type: 'Client', wait_event: 'ClientRead' }

/** Its age in seconds, a sample a minute. */
const open = (age: string, of = idle) => series(activityMaxTransaction, 'postgres', age, of)
const left = (age: string, of = idle) => ({ about: postgresIdleInTransaction, series: [open(age, of)] })
const long = (age: string, of = working) => ({ about: postgresLongTransaction, series: [open(age, of)] })

const idleInTransaction: readonly Case[] = [
  {
    name: 'a transaction left open for more than five minutes is told with its client',
    ...left('0+60x30'),
    at: '8m',
    fires: [{ rule: postgresIdleInTransaction, labels, value: '8m 0s' }],
  },
  {
    name: 'a transaction that failed and was left open is told as well',
    ...left('0+60x30', { ...idle, state: 'idle in transaction (aborted)' }),
    at: '8m',
    fires: [{ rule: postgresIdleInTransaction, labels, value: '8m 0s' }],
  },
  {
    name: 'a transaction that waits otherwise from scrape to scrape is the same one',
    about: postgresIdleInTransaction,
    series: [
      open('0+60x6 _x30'),
      open('_x7 420+60x20', { ...idle, state: 'idle in transaction (aborted)', wait_event: 'ClientWrite' }),
    ],
    at: '8m',
    fires: [{ rule: postgresIdleInTransaction, labels, value: '8m 0s' }],
  },
  { name: 'a transaction left open for five minutes is not told', ...left('300x30'), at: '20m', fires: [] },
  { name: 'a transaction left open too long is not told at first sight', ...left('0+60x30'), at: '6m', fires: [] },
  { name: 'a transaction that works is not idle in it', ...left('0+60x30', working), at: '10m', fires: [] },
  {
    name: 'processes of the server itself have no client to wait for',
    ...left('0+60x30', { ...idle, backend_type: 'logical replication worker' }),
    at: '10m',
    fires: [],
  },
]

const longTransaction: readonly Case[] = [
  {
    name: 'a client that is busy in one transaction for more than a quarter of an hour is told',
    about: postgresLongTransaction,
    series: [open('0+60x30', working), open('0x30', { ...working, state: 'idle' })],
    at: '18m',
    fires: [{ rule: postgresLongTransaction, labels, value: '18m 0s' }],
  },
  { name: 'a client busy for a quarter of an hour is not told', ...long('900x30'), at: '20m', fires: [] },
  { name: 'a long transaction is not told at first sight', ...long('0+60x30'), at: '16m', fires: [] },
  {
    name: 'a dump may take as long as it takes',
    ...long('0+60x30', { ...working, application_name: 'pg_dump' }),
    at: '25m',
    fires: [],
  },
  {
    name: 'a long transaction that does nothing is told as that alone',
    ...long('0+60x30', idle),
    at: '25m',
    fires: [],
  },
  {
    name: 'whoever waits for a lock for long is not to blame',
    ...long('0+60x30', { ...working, wait_event_type: 'Lock', wait_event: 'relation' }),
    at: '25m',
    fires: [],
  },
  {
    name: 'an autovacuum may take as long as it takes',
    ...long('0+60x30', { ...working, application_name: '', usename: '', backend_type: 'autovacuum worker' }),
    at: '25m',
    fires: [],
  },
]

export const transactionCases: readonly Case[] = [...idleInTransaction, ...longTransaction]
