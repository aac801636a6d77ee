import type { Alert } from '../../../alerts/alert.ts'
import {
  postgresMultixactAgeHigh,
  postgresMultixactWraparound,
  postgresXidAgeHigh,
  postgresXidWraparound,
} from '../../../alerts/postgres/wraparound.ts'
import { multixactAge, transactionAge } from '../../../exporters/postgres/wraparound.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { interrupted, standby } from './at.ts'

const database = { datname: 'techplus' }
const labels = { ...scraped.postgres, ...database }

interface Numbers {
  readonly words: string
  readonly metric: typeof transactionAge | typeof multixactAge
  readonly high: Alert
  readonly critical: Alert
}

const cases = ({ words, metric, high, critical }: Numbers): readonly Case[] => {
  const old = (about: Alert, age: number) => ({
    about,
    at: '70m' as const,
    series: [series(metric, 'postgres', `${age}x100`, database)],
  })
  return [
    {
      name: `a database with few ${words} left pages`,
      ...old(critical, 1.7e9),
      fires: [{ rule: critical, labels, value: '1.7G' }],
    },
    {
      name: `a database with few ${words} left does not page within ten minutes`,
      ...old(critical, 1.7e9),
      at: '9m',
      fires: [],
    },
    { name: `a database with a quarter of its ${words} left does not page`, ...old(critical, 1.6e9), fires: [] },
    {
      name: `of few ${words} left the primary pages, not its standby`,
      ...old(critical, 1.7e9),
      series: [...old(critical, 1.7e9).series, standby],
      fires: [],
    },
    {
      name: `a database that used half of its ${words} is told`,
      ...old(high, 1.2e9),
      fires: [{ rule: high, labels, value: '1.2G' }],
    },
    {
      name: `scrapes that tell no ${words} for a while do not start the clock again`,
      ...old(high, 1.2e9),
      series: [series(metric, 'postgres', interrupted(1.2e9), database)],
      at: '65m',
      fires: [{ rule: high, labels, value: '1.2G' }],
    },
    {
      name: `a database that used half of its ${words} is not told within an hour`,
      ...old(high, 1.2e9),
      at: '50m',
      fires: [],
    },
    { name: `a database that used less than half of its ${words} is not told`, ...old(high, 1e9), fires: [] },
    { name: `a database that pages for its ${words} is not told twice`, ...old(high, 1.7e9), fires: [] },
    {
      name: `of half of all ${words} the primary tells, not its standby`,
      ...old(high, 1.2e9),
      series: [...old(high, 1.2e9).series, standby],
      fires: [],
    },
  ]
}

export const wraparoundCases: readonly Case[] = [
  ...cases({
    words: 'transaction numbers',
    metric: transactionAge,
    high: postgresXidAgeHigh,
    critical: postgresXidWraparound,
  }),
  ...cases({
    words: 'multixacts',
    metric: multixactAge,
    high: postgresMultixactAgeHigh,
    critical: postgresMultixactWraparound,
  }),
]
