import {
  clientPoolFull,
  clientPoolWaiting,
  healthCheckFailing,
  healthCheckSlow,
  redisClientLost,
} from '../../../alerts/service/dependencies.ts'
import { healthCheckDuration, healthCheckTimeout, healthCheckUp } from '../../../exporters/service/health/checks.ts'
import {
  clientPoolConnections,
  clientPoolConnectionsMax,
  clientPoolWaitingRequests,
  redisClientReady,
} from '../../../exporters/service/runtime/pools.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const checks = ['database', 'redis', 'external_apis'] as const
const ups = (values: Readonly<Record<(typeof checks)[number], string>>) =>
  checks.map((check) => series(healthCheckUp, 'api', values[check], { check }))

const failing: readonly Case[] = [
  {
    name: 'a health check that fails is told, whichever it is',
    about: healthCheckFailing,
    series: ups({ database: '0x10', redis: '1x10', external_apis: '1x4 0x5' }),
    at: '8m',
    fires: [
      { rule: healthCheckFailing, labels: { ...scraped.api, check: 'database' } },
      { rule: healthCheckFailing, labels: { ...scraped.api, check: 'external_apis' } },
    ],
  },
  {
    name: 'a Redis that the service does not reach is told as well',
    about: healthCheckFailing,
    series: ups({ database: '1x10', redis: '0x10', external_apis: '1x10' }),
    at: '5m',
    fires: [{ rule: healthCheckFailing, labels: { ...scraped.api, check: 'redis' } }],
  },
  {
    name: 'a health check that failed once is not told',
    about: healthCheckFailing,
    series: ups({ database: '1x4 0 1x5', redis: '1x10', external_apis: '1x10' }),
    at: '5m',
    fires: [],
  },
]

/** Of external_apis, which has a second. */
const taking = (seconds: string, up = '1x20') => [
  series(healthCheckUp, 'api', up, { check: 'external_apis' }),
  series(healthCheckTimeout, 'api', '1x20', { check: 'external_apis' }),
  series(healthCheckDuration, 'api', seconds, { check: 'external_apis' }),
]

const slow: readonly Case[] = [
  {
    name: 'a payment provider that takes more than half of its time is told after five minutes',
    about: healthCheckSlow,
    series: taking('0.1x4 0.6x15'),
    at: '12m',
    fires: [{ rule: healthCheckSlow, labels: { ...scraped.api, check: 'external_apis' }, value: '60%' }],
  },
  {
    name: 'a health check that takes half of its time is not told',
    about: healthCheckSlow,
    series: taking('0.5x20'),
    at: '15m',
    fires: [],
  },
  {
    name: 'a health check that is slow for four minutes is not told yet',
    about: healthCheckSlow,
    series: taking('0.1x4 0.6x15'),
    at: '9m',
    fires: [],
  },
  {
    name: 'a health check that runs out of its time fails, and is not slow',
    about: healthCheckSlow,
    series: taking('1x20', '0x20'),
    at: '15m',
    fires: [],
  },
]

const pool: readonly Case[] = [
  {
    name: 'a pool that requests wait for is told',
    about: clientPoolWaiting,
    series: [series(clientPoolWaitingRequests, 'api', '0x4 3x6', { pool: 'main' })],
    at: '8m',
    fires: [{ rule: clientPoolWaiting, labels: { ...scraped.api, pool: 'main' }, value: '3' }],
  },
  {
    name: 'a pool that requests waited for at one scrape is not told',
    about: clientPoolWaiting,
    series: [series(clientPoolWaitingRequests, 'api', '0x4 3 0x6', { pool: 'main' })],
    at: '6m',
    fires: [],
  },
  {
    name: 'a pool that requests have waited for during a minute is not told yet',
    about: clientPoolWaiting,
    series: [series(clientPoolWaitingRequests, 'api', '0x4 3x6', { pool: 'main' })],
    at: '6m',
    fires: [],
  },
]

/** Of a pool that may have ten. */
const using = (used: string, waiting = '0x30') => [
  series(clientPoolConnections, 'api', used, { pool: 'main', state: 'used' }),
  series(clientPoolConnections, 'api', '9x30', { pool: 'main', state: 'idle' }),
  series(clientPoolConnectionsMax, 'api', '10x30', { pool: 'main' }),
  series(clientPoolWaitingRequests, 'api', waiting, { pool: 'main' }),
]

const full: readonly Case[] = [
  {
    name: 'a pool that is in use nearly as a whole for a quarter of an hour is told',
    about: clientPoolFull,
    series: using('2x4 9x25'),
    at: '22m',
    fires: [{ rule: clientPoolFull, labels: { ...scraped.api, pool: 'main' }, value: '90%' }],
  },
  {
    name: 'a pool with two connections left is not told',
    about: clientPoolFull,
    series: using('8x30'),
    at: '22m',
    fires: [],
  },
  {
    name: 'a pool that is full for ten minutes is not told',
    about: clientPoolFull,
    series: using('2x4 10x25'),
    at: '15m',
    fires: [],
  },
  {
    name: 'a pool that requests wait for is not told to be full as well',
    about: clientPoolFull,
    series: using('10x30', '1x30'),
    at: '22m',
    fires: [],
  },
]

const clientIs = (values: string, check = '1x30') => [
  series(redisClientReady, 'api', values, { client: 'sessions' }),
  series(redisClientReady, 'api', '1x30', { client: 'cache' }),
  series(healthCheckUp, 'api', check, { check: 'redis' }),
  series(healthCheckUp, 'api', '0x30', { check: 'database' }),
]

const lost: readonly Case[] = [
  {
    name: 'a Redis client that lost its connection is told',
    about: redisClientLost,
    series: clientIs('1x4 0x25'),
    at: '10m',
    fires: [{ rule: redisClientLost, labels: { ...scraped.api, client: 'sessions' } }],
  },
  {
    name: 'a Redis client that was never needed is not told',
    about: redisClientLost,
    series: clientIs('0x30'),
    at: '10m',
    fires: [],
  },
  {
    name: 'a Redis client that connects again is not told',
    about: redisClientLost,
    series: clientIs('1x4 0x2 1x20'),
    at: '6m',
    fires: [],
  },
  {
    name: 'a Redis client is not told to be lost where its server is',
    about: redisClientLost,
    series: clientIs('1x4 0x25', '1x4 0x25'),
    at: '10m',
    fires: [],
  },
]

export const dependencyCases: readonly Case[] = [...failing, ...slow, ...pool, ...full, ...lost]
