import { systemDown } from '../../../alerts/stack/system.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { probeSuccess } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'

const [api, postgres, redis] = [
  (values: string) => series(probeSuccess, 'probe', values),
  (values: string) => series(postgresVitals.up, 'postgres', values),
  (values: string) => series(redisVitals.up, 'redis', values),
] as const

export const systemCases: readonly Case[] = [
  {
    name: 'API, database and cache that are down at once are one outage',
    about: systemDown,
    series: [api('1x4 0x5'), postgres('1x4 0x5'), redis('1x4 0x5')],
    step: '15s',
    at: '2m',
    fires: [{ rule: systemDown, labels: {}, value: '3' }],
  },
  {
    name: 'database and cache that are down are an outage, though nobody can tell how the API is',
    about: systemDown,
    series: [api('1x2 stale'), postgres('0x10'), redis('0x10')],
    at: '5m',
    fires: [{ rule: systemDown, labels: {}, value: '2' }],
  },
  {
    name: 'API and database that are down are an outage',
    about: systemDown,
    series: [api('0x10'), postgres('0x10'), redis('1x10')],
    at: '5m',
    fires: [{ rule: systemDown, labels: {}, value: '2' }],
  },
  {
    name: 'API and cache that are down are an outage',
    about: systemDown,
    series: [api('0x10'), postgres('1x10'), redis('0x10')],
    at: '5m',
    fires: [{ rule: systemDown, labels: {}, value: '2' }],
  },
  {
    name: 'the second of them has only just gone down',
    about: systemDown,
    series: [api('0x10'), postgres('1x7 0x2')],
    step: '15s',
    at: '2m',
    fires: [],
  },
  {
    name: 'an API that is down alone is no outage of everything',
    about: systemDown,
    series: [api('0x10'), postgres('1x10'), redis('1x10')],
    at: '5m',
    fires: [],
  },
  {
    name: 'two databases that are down are one of the three',
    about: systemDown,
    series: [
      postgres('0x10'),
      { series: 'pg_up{job="postgres",instance="standby"}', values: '0x10' },
      redis('1x10'),
      api('1x10'),
    ],
    at: '5m',
    fires: [],
  },
  {
    name: 'an exporter that cannot be scraped says nothing of what it reads',
    about: systemDown,
    series: [api('0x20'), postgres('0x2 stale'), redis('0x2 stale')],
    at: '15m',
    fires: [],
  },
]
