import { prometheusSamplesRejected, prometheusScrapeLimitHit } from '../../../alerts/stack/prometheus.ts'
import {
  poolsOverTargetLimit,
  samplesDuplicate,
  samplesOutOfBounds,
  samplesOutOfOrder,
  scrapesOverBodyLimit,
  scrapesOverLabelLimit,
  scrapesOverSampleLimit,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const limits = (values: readonly [sample: string, body: string, label: string, target: string]) => [
  series(scrapesOverSampleLimit, 'prometheus', values[0]),
  series(scrapesOverBodyLimit, 'prometheus', values[1]),
  series(scrapesOverLabelLimit, 'prometheus', values[2]),
  series(poolsOverTargetLimit, 'prometheus', values[3]),
]
const none = '3x40'
const some = '0x9 0+1x30'
const limit: readonly Case[] = [
  ...(
    [
      ['samples', [some, none, none, none]],
      ['bytes', [none, some, none, none]],
      ['labels', [none, none, some, none]],
      ['targets', [none, none, none, some]],
    ] as const
  ).map(
    ([what, values]): Case => ({
      name: `scrapes that are thrown away for too many ${what} are told`,
      about: prometheusScrapeLimitHit,
      series: limits(values),
      at: '30m',
      fires: [{ rule: prometheusScrapeLimitHit, labels: scraped.prometheus }],
    }),
  ),
  {
    name: 'scrapes that keep within the limits are not told',
    about: prometheusScrapeLimitHit,
    series: limits([none, none, none, none]),
    at: '30m',
    fires: [],
  },
  {
    name: 'scrapes that exceed a limit since three minutes are not told',
    about: prometheusScrapeLimitHit,
    series: limits([some, none, none, none]),
    at: '13m',
    fires: [],
  },
]

const rejecting = (values: readonly [duplicate: string, order: string, bounds: string]) => [
  series(samplesDuplicate, 'prometheus', values[0]),
  series(samplesOutOfOrder, 'prometheus', values[1]),
  series(samplesOutOfBounds, 'prometheus', values[2]),
]
// What a window of half an hour makes of a counter is the same in every version where nothing is before it.
const rejected: readonly Case[] = [
  {
    name: 'samples that are thrown away are told',
    about: prometheusSamplesRejected,
    series: rejecting(['0+1x60', none, none]),
    at: '60m',
    fires: [{ rule: prometheusSamplesRejected, labels: scraped.prometheus, value: '30' }],
  },
  ...(
    [
      ['out of order', [none, '0+1x60', none]],
      ['out of bounds', [none, none, '0+1x60']],
    ] as const
  ).map(
    ([what, values]): Case => ({
      name: `samples that are ${what} are told as well`,
      about: prometheusSamplesRejected,
      series: rejecting(values),
      at: '60m',
      fires: [{ rule: prometheusSamplesRejected, labels: scraped.prometheus, value: '30' }],
    }),
  ),
  {
    name: 'four samples that are thrown away in half an hour are not told',
    about: prometheusSamplesRejected,
    series: rejecting(['0x44 4x20', none, none]),
    at: '60m',
    fires: [],
  },
  {
    name: 'samples that are thrown away since five minutes are not told',
    about: prometheusSamplesRejected,
    series: rejecting(['0x54 0+10x10', none, none]),
    at: '60m',
    fires: [],
  },
]

export const limitCases: readonly Case[] = [...limit, ...rejected]
