import {
  collectorFailing,
  collectorUnreliable,
  exporterMemoryHigh,
  surveyStale,
} from '../../../alerts/stack/exporter.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { surveyAge, surveyInterval, surveySuccess } from '../../../exporters/postgres/survey.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { reservationsVitals } from '../../../exporters/reservations/index.ts'
import { residentMemory } from '../../../exporters/service/runtime/runtime-metrics.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

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
    name: 'a collector that fails is told, though a scrape of the target failed meanwhile',
    about: collectorFailing,
    series: [series(postgresVitals.success, 'postgres', '0x8 stale 0x20', { collector: 'statements' })],
    at: '15m',
    fires: [{ rule: collectorFailing, labels: { ...scraped.postgres, collector: 'statements' } }],
  },
  {
    name: 'a collector that failed for five minutes is not told',
    about: collectorFailing,
    series: [series(postgresVitals.success, 'postgres', '1x4 0x4 1x10', { collector: 'statements' })],
    at: '15m',
    fires: [],
  },
  {
    name: 'a collector that succeeds now and then does not fail all the time',
    about: collectorFailing,
    series: [
      series(postgresVitals.success, 'postgres', '0x8 1 0x20', { collector: 'statements' }),
      series(redisVitals.success, 'redis', '0x8 1 0x20', { collector: 'memory' }),
      series(reservationsVitals.success, 'reservations', '0x8 1 0x20', { collector: 'statuses' }),
    ],
    at: '15m',
    fires: [],
  },
]

const often = (pattern: string, times: number) => Array.from({ length: times }, () => pattern).join(' ')

const unreliable: readonly Case[] = [
  {
    name: 'a collector that fails every fifth time is told, of whatever kind it is',
    about: collectorUnreliable,
    series: [
      series(postgresVitals.success, 'postgres', often('1x3 0', 8), { collector: 'tables' }),
      series(redisVitals.success, 'redis', often('1x3 0', 8), { collector: 'slowlog' }),
      series(reservationsVitals.success, 'reservations', often('1x3 0', 8), { collector: 'statuses' }),
    ],
    at: '39m',
    fires: [
      { rule: collectorUnreliable, labels: { ...scraped.postgres, collector: 'tables' }, value: '20%' },
      { rule: collectorUnreliable, labels: { ...scraped.redis, collector: 'slowlog' }, value: '20%' },
      { rule: collectorUnreliable, labels: { ...scraped.reservations, collector: 'statuses' }, value: '20%' },
    ],
  },
  {
    name: 'a collector that fails one time in twelve is not told',
    about: collectorUnreliable,
    series: [
      series(postgresVitals.success, 'postgres', often('1x10 0', 8), { collector: 'tables' }),
      series(redisVitals.success, 'redis', often('1x10 0', 8), { collector: 'slowlog' }),
      series(reservationsVitals.success, 'reservations', often('1x10 0', 8), { collector: 'statuses' }),
    ],
    at: '90m',
    fires: [],
  },
  {
    name: 'a collector that fails all the time is told by another alert',
    about: collectorUnreliable,
    series: [
      series(postgresVitals.success, 'postgres', '1x30 0x60', { collector: 'tables' }),
      series(redisVitals.success, 'redis', '1x30 0x60', { collector: 'slowlog' }),
      series(reservationsVitals.success, 'reservations', '1x30 0x60', { collector: 'statuses' }),
    ],
    at: '80m',
    fires: [],
  },
  {
    name: 'a collector that failed for ten minutes and is well since ten is not told yet',
    about: collectorUnreliable,
    series: [series(postgresVitals.success, 'postgres', '1x59 0x9 1x20', { collector: 'tables' })],
    at: '79m',
    fires: [],
  },
]

const sizes = { datname: 'techplus', survey: 'sizes' }
const survey = (age: string, success: string) => [
  series(surveyAge, 'postgres', age, sizes),
  series(surveyInterval, 'postgres', '600x100', sizes),
  series(surveySuccess, 'postgres', success, sizes),
]

const stale: readonly Case[] = [
  {
    name: 'a survey that hangs is told, with its age in intervals',
    about: surveyStale,
    series: survey('2400x100', '1x100'),
    at: '40m',
    fires: [{ rule: surveyStale, labels: { ...scraped.postgres, ...sizes }, value: '400%' }],
  },
  {
    name: 'a survey that is two intervals old is not told',
    about: surveyStale,
    series: survey('1700x100', '1x100'),
    at: '40m',
    fires: [],
  },
  {
    name: 'a survey that fails every second time is told as a collector that fails',
    about: surveyStale,
    series: survey('2400x100', '1 0 '.repeat(50).trim()),
    at: '40m',
    fires: [],
  },
  {
    name: 'a survey that fails is told as a collector that fails',
    about: surveyStale,
    series: survey('2400x100', '0x100'),
    at: '40m',
    fires: [],
  },
  {
    name: 'a survey that is out of date for nine minutes is not told',
    about: surveyStale,
    series: survey('100x20 2400x100', '1x100'),
    at: '34m',
    fires: [],
  },
]

const mebibytes = (count: number) => `${count * 2 ** 20}x100`
const memory: readonly Case[] = [
  {
    name: 'an exporter that holds 600 MiB is told',
    about: exporterMemoryHigh,
    series: [series(residentMemory, 'exporter', mebibytes(600))],
    at: '40m',
    fires: [{ rule: exporterMemoryHigh, labels: scraped.exporter, value: '600Mi' }],
  },
  {
    name: 'an exporter that holds 500 MiB is not told',
    about: exporterMemoryHigh,
    series: [series(residentMemory, 'exporter', mebibytes(500))],
    at: '40m',
    fires: [],
  },
  {
    name: 'an exporter that gives its memory back every second minute is not told',
    about: exporterMemoryHigh,
    series: [series(residentMemory, 'exporter', `${600 * 2 ** 20} ${100 * 2 ** 20} `.repeat(50).trim())],
    at: '40m',
    fires: [],
  },
  {
    name: 'another program that holds 600 MiB is no exporter',
    about: exporterMemoryHigh,
    series: [series(residentMemory, 'prometheus', mebibytes(600))],
    at: '40m',
    fires: [],
  },
  {
    name: 'an exporter that holds 600 MiB for twenty minutes is not told',
    about: exporterMemoryHigh,
    series: [series(residentMemory, 'exporter', mebibytes(600))],
    at: '20m',
    fires: [],
  },
]

export const exporterCases: readonly Case[] = [...failing, ...unreliable, ...stale, ...memory]
