import {
  prometheusSeriesGrowing,
  prometheusStorageFailing,
  prometheusWalCorrupted,
} from '../../../alerts/stack/storage.ts'
import {
  blockReloadsFailed,
  checkpointsFailed,
  compactionsFailed,
  headSeries,
  walCorruptions,
  walWritesFailed,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const failures = (values: readonly [reload: string, compaction: string, checkpoint: string, write: string]) => [
  series(blockReloadsFailed, 'prometheus', values[0]),
  series(compactionsFailed, 'prometheus', values[1]),
  series(checkpointsFailed, 'prometheus', values[2]),
  series(walWritesFailed, 'prometheus', values[3]),
]
const none = '5x120'
const some = '0+0.2x120'

const failing: readonly Case[] = [
  ...(
    [
      ['blocks that cannot be read again', [some, none, none, none]],
      ['blocks that cannot be merged', [none, some, none, none]],
      ['a log that cannot be shortened', [none, none, some, none]],
      ['a log that cannot be written', [none, none, none, some]],
    ] as const
  ).map(
    ([what, values]): Case => ({
      name: `${what}: the storage is told to fail`,
      about: prometheusStorageFailing,
      series: failures(values),
      at: '100m',
      fires: [{ rule: prometheusStorageFailing, labels: scraped.prometheus, value: '12' }],
    }),
  ),
  {
    name: 'a storage that failed once within the hour is not told',
    about: prometheusStorageFailing,
    series: failures(['0x70 1x50', none, none, none]),
    at: '100m',
    fires: [],
  },
  {
    name: 'a storage that fails since three minutes is not told',
    about: prometheusStorageFailing,
    series: failures(['0x90 0+2x30', none, none, none]),
    at: '95m',
    fires: [],
  },
]

const corrupted: readonly Case[] = [
  {
    name: 'a log that was found damaged at the start is told, though its counter never rises',
    about: prometheusWalCorrupted,
    series: [series(walCorruptions, 'prometheus', '1x30')],
    at: '10m',
    fires: [{ rule: prometheusWalCorrupted, labels: scraped.prometheus }],
  },
  {
    name: 'a log that is whole is not told',
    about: prometheusWalCorrupted,
    series: [series(walCorruptions, 'prometheus', '0x30')],
    at: '10m',
    fires: [],
  },
  {
    name: 'a log that was found damaged is not told in the same second',
    about: prometheusWalCorrupted,
    series: [series(walCorruptions, 'prometheus', '1x30')],
    at: '0m',
    fires: [],
  },
  {
    name: 'a log that was found damaged is not told after the next start',
    about: prometheusWalCorrupted,
    series: [series(walCorruptions, 'prometheus', '1x10 0x20')],
    at: '20m',
    fires: [],
  },
]

const growing: readonly Case[] = [
  {
    name: 'series that doubled within the hour are told, in parts of what is usual',
    about: prometheusSeriesGrowing,
    series: [series(headSeries, 'prometheus', '20000x15 50000x4')],
    step: '10m',
    at: '190m',
    // Of 16 samples of 20,000 and four of 50,000 the average is 26,000, whatever else a day holds.
    fires: [{ rule: prometheusSeriesGrowing, labels: scraped.prometheus, value: '192.3%' }],
  },
  {
    name: 'series that grew by a third are not told',
    about: prometheusSeriesGrowing,
    series: [series(headSeries, 'prometheus', '30000x15 40000x4')],
    step: '10m',
    at: '190m',
    fires: [],
  },
  {
    name: 'few series that doubled are not told',
    about: prometheusSeriesGrowing,
    series: [series(headSeries, 'prometheus', '5000x15 15000x4')],
    step: '10m',
    at: '190m',
    fires: [],
  },
  {
    name: 'series that doubled ten minutes ago are not told',
    about: prometheusSeriesGrowing,
    series: [series(headSeries, 'prometheus', '20000x17 50000x4')],
    step: '10m',
    at: '190m',
    fires: [],
  },
  {
    name: 'a Prometheus that has just begun is not told to grow',
    about: prometheusSeriesGrowing,
    series: [series(headSeries, 'prometheus', '30000x40')],
    at: '30m',
    fires: [],
  },
]

export const storageCases: readonly Case[] = [...failing, ...corrupted, ...growing]
