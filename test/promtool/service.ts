import {
  clientPoolWaiting,
  eventLoopLagging,
  healthCheckFailing,
  healthCheckSlow,
  heapNearLimit,
  serviceErrors,
  serviceRestarting,
} from '../../alerts/service.ts'
import { processErrorsTotal } from '../../exporters/service/errors/errors.ts'
import { healthCheckDuration, healthCheckTimeout, healthCheckUp } from '../../exporters/service/health/checks.ts'
import { clientPoolWaitingRequests } from '../../exporters/service/runtime/pools.ts'
import { eventLoopLagP99, heapUsedRatio, processStartTime } from '../../exporters/service/runtime/runtime-metrics.ts'
import type { Case } from './case.ts'
import { scraped, series } from './series.ts'

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
    name: 'a health check that runs out of its time fails, and is not slow',
    about: healthCheckSlow,
    series: taking('1x20', '0x20'),
    at: '15m',
    fires: [],
  },
]

const loop: readonly Case[] = [
  {
    name: 'an event loop that is held up for longer than half of what is promised is told',
    about: eventLoopLagging,
    series: [series(eventLoopLagP99, 'api', '0.01x4 0.3x15')],
    at: '12m',
    fires: [{ rule: eventLoopLagging, labels: scraped.api, value: '300ms' }],
  },
  {
    name: 'an event loop that was held up for some minutes is not told',
    about: eventLoopLagging,
    series: [series(eventLoopLagP99, 'api', '0.01x4 2x3 0.25x15')],
    at: '12m',
    fires: [],
  },
]

const heap: readonly Case[] = [
  {
    name: 'a heap that stays near its limit is told',
    about: heapNearLimit,
    series: [series(heapUsedRatio, 'api', '0.5x4 0.95x15')],
    at: '12m',
    fires: [{ rule: heapNearLimit, labels: scraped.api, value: '95%' }],
  },
  {
    name: 'a heap that the garbage collector empties again is not told',
    about: heapNearLimit,
    series: [series(heapUsedRatio, 'api', '0.95x3 0.5 0.95x3 0.5 0.95x3')],
    at: '10m',
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
]

const restarting: readonly Case[] = [
  {
    name: 'a service that ends and is started again and again is told',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100x5 400 _x2 580 640x4')],
    at: '12m',
    fires: [{ rule: serviceRestarting, labels: scraped.api, value: '3' }],
  },
  {
    name: 'a release that is undone at once is not told',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100x5 400x2 580x10')],
    at: '15m',
    fires: [],
  },
  {
    name: 'restarts of long ago are not told any more',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100 160 220 280x20')],
    at: '20m',
    fires: [],
  },
]

const uncaught: readonly Case[] = [
  {
    name: 'a rejection that nobody handled is told',
    about: serviceErrors,
    series: [
      series(processErrorsTotal, 'api', '0x4 1x6', { kind: 'unhandledRejection' }),
      series(processErrorsTotal, 'api', '0x10', { kind: 'uncaughtException' }),
    ],
    at: '8m',
    fires: [{ rule: serviceErrors, labels: { ...scraped.api, kind: 'unhandledRejection' } }],
  },
  {
    name: 'an exception that ended a worker, and was told by its primary, is told',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x4 1x6', { kind: 'uncaughtException' })],
    at: '8m',
    fires: [{ rule: serviceErrors, labels: { ...scraped.api, kind: 'uncaughtException' } }],
  },
  {
    name: 'an exception that ended the process is not told by a count that ended with it',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x4 _ 0x6', { kind: 'uncaughtException' })],
    at: '8m',
    fires: [],
  },
  {
    name: 'an error of long ago is not told any more',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x2 1x20', { kind: 'unhandledRejection' })],
    at: '15m',
    fires: [],
  },
]

export const serviceCases: readonly Case[] = [
  ...failing,
  ...slow,
  ...loop,
  ...heap,
  ...pool,
  ...restarting,
  ...uncaught,
]
