import { aftermath, slowAftermaths } from '../../../alerts/stack/aftermath.ts'
import type { Case } from '../case.ts'
import type { InputSeries } from '../series.ts'

const of = (alertname: string, values: string, alertstate = 'firing', instance = 'main'): InputSeries => ({
  series: `ALERTS{alertname="${alertname}",alertstate="${alertstate}",severity="critical",owner="platform",instance="${instance}"}`,
  values,
})

const causes = ['PostgresDown', 'SystemDown', 'ApiDown', 'RedisDown'] as const
/** Of budgets that burn slowly an outage is not forgotten for an hour and more. */
const slowOf = (...all: readonly (typeof causes)[number][]) =>
  slowAftermaths.flatMap((rule) => all.map((cause) => ({ rule, labels: { cause } })))

const slowCases = slowAftermaths.flatMap((about): readonly Case[] => [
  {
    name: `a budget that burns at pace ${about.labels.pace} is held back long after an outage`,
    about,
    series: [of('PostgresDown', '1x3 stale')],
    at: '17m',
    fires: slowOf('PostgresDown'),
  },
  {
    name: `half a day later nothing is held back at pace ${about.labels.pace}`,
    about,
    series: [of('PostgresDown', '1x3 stale'), of('ApiDown', '1x800', 'pending')],
    at: '13h',
    fires: [],
  },
])

export const aftermathCases: readonly Case[] = [
  ...slowCases,
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
    fires: [...causes.map((cause) => ({ rule: aftermath, labels: { cause } })), ...slowOf(...causes)],
  },
  {
    name: 'twelve minutes later an outage is forgotten',
    about: aftermath,
    series: [of('PostgresDown', '1x3 stale'), of('RedisDown', '1x3 stale'), of('ApiDown', '1x20', 'pending')],
    at: '17m',
    fires: slowOf('PostgresDown', 'RedisDown'),
  },
]
