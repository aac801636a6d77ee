import { apiDown, collectorFailing, heartbeat, targetDown } from '../../alerts/stack.ts'
import { postgresVitals } from '../../exporters/postgres/index.ts'
import { redisVitals } from '../../exporters/redis/index.ts'
import { reservationsVitals } from '../../exporters/reservations/index.ts'
import { probeSuccess, up } from '../../metrics/foreign.ts'
import type { Case } from './case.ts'
import { scraped, series } from './series.ts'

const api: readonly Case[] = [
  {
    name: 'an API whose health check fails is told, though its metrics can be scraped',
    about: apiDown,
    series: [series(up, 'api', '1x10'), series(probeSuccess, 'probe', '1x2 0x5')],
    at: '5m',
    fires: [{ rule: apiDown, labels: scraped.probe }],
  },
  {
    name: 'an API that answers its health check is not told, though it cannot be scraped',
    about: apiDown,
    series: [series(up, 'api', '0x10'), series(probeSuccess, 'probe', '1x10')],
    at: '10m',
    fires: [],
  },
]

const target: readonly Case[] = [
  {
    name: 'each target that cannot be scraped is told',
    about: targetDown,
    series: [series(up, 'postgres', '0x10'), series(up, 'reservations', '1x10'), series(up, 'node', '0x10')],
    at: '5m',
    fires: [
      { rule: targetDown, labels: scraped.postgres },
      { rule: targetDown, labels: scraped.node },
    ],
  },
  {
    name: 'an API that cannot be scraped is a target like any other',
    about: targetDown,
    series: [series(up, 'api', '0x10'), series(up, 'node', '1x10')],
    at: '10m',
    fires: [{ rule: targetDown, labels: scraped.api }],
  },
  {
    name: 'a target that missed one scrape is not told',
    about: targetDown,
    series: [series(up, 'redis', '1x4 0 1x5')],
    at: '5m',
    fires: [],
  },
]

const failing: readonly Case[] = [
  {
    name: 'a collector that fails is told, of whatever kind it is',
    about: collectorFailing,
    series: [
      series(postgresVitals.success, 'postgres', '0x20', { collector: 'statements' }),
      series(postgresVitals.success, 'postgres', '1x20', { collector: 'tables' }),
      series(redisVitals.success, 'redis', '0x20', { collector: 'memory' }),
      series(reservationsVitals.success, 'reservations', '0x20', { collector: 'statuses' }),
    ],
    at: '15m',
    fires: [
      { rule: collectorFailing, labels: { ...scraped.postgres, collector: 'statements' } },
      { rule: collectorFailing, labels: { ...scraped.redis, collector: 'memory' } },
      { rule: collectorFailing, labels: { ...scraped.reservations, collector: 'statuses' } },
    ],
  },
  {
    name: 'a collector that failed for five minutes is not told',
    about: collectorFailing,
    series: [series(postgresVitals.success, 'postgres', '1x4 0x4 1x10', { collector: 'statements' })],
    at: '15m',
    fires: [],
  },
]

const watchdog: readonly Case[] = [
  {
    name: 'the heartbeat is there a minute after the start, with no series at all',
    about: heartbeat,
    series: [],
    at: '1m',
    fires: [{ rule: heartbeat, labels: {} }],
  },
  {
    name: 'the heartbeat is not there before its first second is over',
    about: heartbeat,
    series: [],
    at: '0m',
    fires: [],
  },
]

export const stackCases: readonly Case[] = [...api, ...target, ...failing, ...watchdog]
