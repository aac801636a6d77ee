import { aftermath } from '../../../alerts/stack/aftermath.ts'
import type { Case } from '../case.ts'
import type { InputSeries } from '../series.ts'

const of = (alertname: string, values: string, alertstate = 'firing', instance = 'main'): InputSeries => ({
  series: `ALERTS{alertname="${alertname}",alertstate="${alertstate}",severity="critical",owner="platform",instance="${instance}"}`,
  values,
})

export const aftermathCases: readonly Case[] = [
  {
    name: 'each outage has its aftermath, one for all its servers, which does not end with it',
    about: aftermath,
    series: [
      of('PostgresDown', '1x3 stale'),
      of('PostgresDown', '1x5 stale', 'firing', 'standby'),
      of('SystemDown', '1x6 stale'),
      of('ApiDown', '1x7 stale'),
      of('RedisDown', '1x8 stale'),
      of('RedisMemoryNearLimit', '1x20'),
      of('PostgresSplitBrain', '1x20'),
    ],
    at: '15m',
    fires: [
      { rule: aftermath, labels: { cause: 'PostgresDown' } },
      { rule: aftermath, labels: { cause: 'SystemDown' } },
      { rule: aftermath, labels: { cause: 'ApiDown' } },
      { rule: aftermath, labels: { cause: 'RedisDown' } },
    ],
  },
  {
    name: 'twelve minutes later an outage is forgotten',
    about: aftermath,
    series: [of('PostgresDown', '1x3 stale'), of('RedisDown', '1x3 stale'), of('ApiDown', '1x20', 'pending')],
    at: '17m',
    fires: [],
  },
]
