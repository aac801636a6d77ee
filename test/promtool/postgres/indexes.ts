import { postgresIndexBloat } from '../../../alerts/postgres/bloat.ts'
import { postgresDuplicateIndex, postgresInvalidIndex, postgresUnusedIndex } from '../../../alerts/postgres/indexes.ts'
import { indexBloat, indexBloatRatio } from '../../../exporters/postgres/bloat.ts'
import { indexDuplicateSize, indexInvalidSize } from '../../../exporters/postgres/index-faults.ts'
import { indexScans, indexSize } from '../../../exporters/postgres/indexes.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { elsewhere, mebibytes, standby } from './at.ts'

const at = scraped.postgres
const named = {
  datname: 'techplus',
  schemaname: 'public',
  relname: 'reservations',
  indexrelname: 'reservations_note_idx',
}
const nameless = { datname: 'techplus', schemaname: '', relname: '', indexrelname: remainder }
const index = { ...named, constraint: 'none' }

/** A step is half an hour: a week is 336, and each evaluation finds the sample of its own time. */
const indexed = (scans: string, labels: typeof index = index, size = mebibytes(20)) => ({
  about: postgresUnusedIndex,
  step: '30m' as const,
  at: '10200m' as const,
  series: [series(indexScans, 'postgres', scans, labels), series(indexSize, 'postgres', `${size}x400`, labels)],
})
const copy = { ...named, kind: 'prefix', duplicate_of: 'reservations_note_day_idx' }

const unused: readonly Case[] = [
  {
    name: 'a large index that was not read for a week is told with its table',
    ...indexed('5x400'),
    fires: [{ rule: postgresUnusedIndex, labels: { ...at, ...index }, value: '20Mi' }],
  },
  {
    name: 'an index that was not read for a week is not told within the hour after',
    ...indexed('5x400'),
    at: '10120m',
    fires: [],
  },
  { name: 'an index that was read once in the week is not told', ...indexed('5x270 6x130'), fires: [] },
  {
    name: 'an index that only a standby reads is not told',
    ...indexed('5x400'),
    series: [...indexed('5x400').series, ...indexed('5x270 6x130').series.map(elsewhere)],
    fires: [],
  },
  {
    name: 'an index that neither the primary nor its standby reads is told once',
    ...indexed('5x400'),
    series: [...indexed('5x400').series, ...indexed('5x400').series.map(elsewhere), elsewhere(standby)],
    fires: [{ rule: postgresUnusedIndex, labels: { ...at, ...index }, value: '20Mi' }],
  },
  {
    name: 'an index that another one makes superfluous is told as that alone',
    ...indexed('5x400'),
    series: [...indexed('5x400').series, series(indexDuplicateSize, 'postgres', `${mebibytes(20)}x400`, copy)],
    fires: [],
  },
  {
    name: 'an index that backs a constraint is not told: it keeps that true even if no query reads it',
    ...indexed('0x400', { ...index, constraint: 'unique' }),
    fires: [],
  },
  {
    name: 'an index younger than a week is not told',
    ...indexed('_x14 0x386'),
    series: [
      series(indexScans, 'postgres', '_x14 0x386', index),
      series(indexSize, 'postgres', `_x14 ${mebibytes(20)}x386`, index),
    ],
    fires: [],
  },
  { name: 'a small index is not told: it costs little', ...indexed('0x400', index, mebibytes(10)), fires: [] },
  {
    name: 'the indexes summed as the remainder are not told: there is none to drop',
    ...indexed('0x400', { ...index, ...nameless }),
    fires: [],
  },
]

const doubled = (size: number, labels: typeof copy = copy) => ({
  about: postgresDuplicateIndex,
  at: '70m' as const,
  series: [series(indexDuplicateSize, 'postgres', `${size}x100`, labels)],
})

const duplicate: readonly Case[] = [
  {
    name: 'an index that does what another one does is told with that one',
    ...doubled(mebibytes(20)),
    fires: [{ rule: postgresDuplicateIndex, labels: { ...at, ...copy }, value: '20Mi' }],
  },
  { name: 'a small index that another one makes superfluous is not told', ...doubled(mebibytes(10)), fires: [] },
  {
    name: 'a duplicate is not told while a migration may be about to drop the old one',
    ...doubled(mebibytes(20)),
    at: '50m',
    fires: [],
  },
  {
    name: 'of duplicate indexes the primary tells, not its standby',
    ...doubled(mebibytes(20)),
    series: [...doubled(mebibytes(20)).series, standby],
    fires: [],
  },
  {
    name: 'the duplicates summed as the remainder are not told: those shown are to be dropped first',
    ...doubled(mebibytes(20), { ...nameless, kind: '', duplicate_of: '' }),
    fires: [],
  },
]

const broken = (labels: typeof named = named) => ({
  about: postgresInvalidIndex,
  at: '70m' as const,
  series: [series(indexInvalidSize, 'postgres', '0x100', labels)],
})

const invalid: readonly Case[] = [
  {
    name: 'an invalid index is told, however small',
    ...broken(),
    fires: [{ rule: postgresInvalidIndex, labels: { ...at, ...named } }],
  },
  { name: 'an invalid index is not told within an hour', ...broken(), at: '50m', fires: [] },
  {
    name: 'an index that was mended is told no longer',
    ...broken(),
    series: [series(indexInvalidSize, 'postgres', '0x70 stale', named)],
    at: '85m',
    fires: [],
  },
  {
    name: 'of an invalid index the primary tells: a standby knows of no build that runs',
    ...broken(),
    series: [...broken().series, standby],
    fires: [],
  },
  { name: 'the invalid indexes summed as the remainder are not told', ...broken(nameless), fires: [] },
]

const bloated = (ratio: number, bytes: number) => ({
  about: postgresIndexBloat,
  at: '70m' as const,
  series: [
    series(indexBloatRatio, 'postgres', `${ratio}x100`, named),
    series(indexBloat, 'postgres', `${bytes}x100`, named),
  ],
})

const bloat: readonly Case[] = [
  {
    name: 'an index of which most is empty is told',
    ...bloated(0.65, mebibytes(150)),
    fires: [{ rule: postgresIndexBloat, labels: { ...at, ...named }, value: '65%' }],
  },
  { name: 'an index of which half is empty is not told', ...bloated(0.6, mebibytes(150)), fires: [] },
  { name: 'an index that is emptied just now is not told', ...bloated(0.65, mebibytes(150)), at: '50m', fires: [] },
  { name: 'a small index that is empty for the most part is not told', ...bloated(0.9, mebibytes(100)), fires: [] },
  {
    name: 'of a bloated index the primary tells, not its standby',
    ...bloated(0.65, mebibytes(150)),
    series: [...bloated(0.65, mebibytes(150)).series, standby],
    fires: [],
  },
]

export const indexCases: readonly Case[] = [...unused, ...duplicate, ...invalid, ...bloat]
