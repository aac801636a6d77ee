import { postgresTableBloat } from '../../../alerts/postgres/bloat.ts'
import { postgresTableScanned } from '../../../alerts/postgres/scans.ts'
import { postgresDeadRows, postgresNotAnalyzed, postgresNotVacuumed } from '../../../alerts/postgres/tables.ts'
import { tableBloat, tableBloatRatio } from '../../../exporters/postgres/bloat.ts'
import {
  tableDeadRows,
  tableIndexScans,
  tableLastAutovacuum,
  tableLastVacuum,
  tableLiveRows,
  tableSeqRows,
  tableSeqScans,
  tableUnanalyzed,
} from '../../../exporters/postgres/tables.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'
import { interrupted, mebibytes, standby } from './at.ts'

const at = scraped.postgres
const table = { datname: 'techplus', schemaname: 'public', relname: 'reservations' }
const rest = { datname: 'techplus', schemaname: '', relname: remainder }

interface Rows {
  readonly live: number
  readonly dead: number
  /** Unix times; a case begins at 0, which is also how never is told. */
  readonly byHand?: number
  readonly byDaemon?: number
}

const rows = ({ live, dead, byHand = 0, byDaemon = 0 }: Rows) => [
  series(tableLiveRows, 'postgres', `${live}x1000`, table),
  series(tableDeadRows, 'postgres', `${dead}x1000`, table),
  series(tableLastVacuum, 'postgres', `${byHand}x1000`, table),
  series(tableLastAutovacuum, 'postgres', `${byDaemon}x1000`, table),
]

const unvacuumed = (given: Rows) => ({
  about: postgresNotVacuumed,
  step: '4m' as const,
  at: '26h' as const,
  series: rows(given),
})

const notVacuumed: readonly Case[] = [
  {
    name: 'a table with a fifth of its rows dead that was not vacuumed for a day is told',
    ...unvacuumed({ live: 100_000, dead: 21_000 }),
    fires: [{ rule: postgresNotVacuumed, labels: { ...at, ...table } }],
  },
  {
    name: 'a table that has waited for its vacuum for a day is not told within the hour after',
    ...unvacuumed({ live: 100_000, dead: 21_000 }),
    at: '1480m',
    fires: [],
  },
  {
    name: 'a table with few dead rows needs no vacuum, however long none came',
    ...unvacuumed({ live: 100_000, dead: 20_000 }),
    fires: [],
  },
  { name: 'a small table without a vacuum is not told', ...unvacuumed({ live: 20_000, dead: 9_000 }), fires: [] },
  {
    name: 'a vacuum by hand counts as one',
    ...unvacuumed({ live: 100_000, dead: 21_000, byHand: 40_000 }),
    fires: [],
  },
  {
    name: 'a vacuum by the daemon counts as one',
    ...unvacuumed({ live: 100_000, dead: 21_000, byHand: 1, byDaemon: 40_000 }),
    fires: [],
  },
]

const decaying = (given: Rows) => ({ about: postgresDeadRows, at: '90m' as const, series: rows(given) })

const deadRows: readonly Case[] = [
  {
    name: 'a table of which a third is dead although it is vacuumed is told',
    ...decaying({ live: 65_000, dead: 35_000 }),
    fires: [{ rule: postgresDeadRows, labels: { ...at, ...table }, value: '35%' }],
  },
  {
    name: 'scrapes that tell nothing for a while do not start the clock of dead rows again',
    ...decaying({ live: 65_000, dead: 35_000 }),
    series: [
      ...rows({ live: 65_000, dead: 35_000 }).filter((one) => !one.series.includes('dead')),
      series(tableDeadRows, 'postgres', interrupted(35_000), table),
    ],
    at: '65m',
    fires: [{ rule: postgresDeadRows, labels: { ...at, ...table }, value: '35%' }],
  },
  {
    name: 'a table of which a third is dead is not told within an hour',
    ...decaying({ live: 65_000, dead: 35_000 }),
    at: '55m',
    fires: [],
  },
  {
    name: 'a table of which a quarter is dead awaits its vacuum',
    ...decaying({ live: 71_000, dead: 29_000 }),
    fires: [],
  },
  { name: 'a small table of dead rows is not told', ...decaying({ live: 5_000, dead: 9_000 }), fires: [] },
  {
    name: 'dead rows that a vacuum by hand left there hours ago are told',
    ...decaying({ live: 65_000, dead: 35_000, byHand: 40_000 }),
    step: '4m',
    at: '34h',
    fires: [{ rule: postgresDeadRows, labels: { ...at, ...table }, value: '35%' }],
  },
  {
    name: 'dead rows that no vacuum came for are told as that alone',
    ...decaying({ live: 65_000, dead: 35_000 }),
    step: '4m',
    at: '26h',
    fires: [],
  },
]

const changed = (live: number, changes: number, labels = table) => ({
  about: postgresNotAnalyzed,
  at: '70m' as const,
  series: [
    series(tableLiveRows, 'postgres', `${live}x100`, labels),
    series(tableUnanalyzed, 'postgres', `${changes}x100`, labels),
  ],
})

const notAnalyzed: readonly Case[] = [
  {
    name: 'a table of which more than half changed since it was analyzed is told',
    ...changed(100_000, 60_000),
    fires: [{ rule: postgresNotAnalyzed, labels: { ...at, ...table }, value: '60%' }],
  },
  { name: 'a table of which half changed is not told', ...changed(100_000, 50_000), fires: [] },
  {
    name: 'a table that was loaded just now is about to be analyzed',
    ...changed(100_000, 90_000),
    at: '50m',
    fires: [],
  },
  { name: 'a small table is not told before it is analyzed', ...changed(9_000, 30_000), fires: [] },
  { name: 'an empty table is not told before it is analyzed', ...changed(0, 30_000), fires: [] },
  {
    name: 'the tables summed as the remainder are not told: none of them may need an analyze',
    ...changed(100_000, 60_000, rest),
    fires: [],
  },
]

const bloated = (ratio: number, bytes: number) => ({
  about: postgresTableBloat,
  at: '70m' as const,
  series: [
    series(tableBloatRatio, 'postgres', `${ratio}x100`, table),
    series(tableBloat, 'postgres', `${bytes}x100`, table),
  ],
})

const bloat: readonly Case[] = [
  {
    name: 'a table of which most is empty is told',
    ...bloated(0.7, mebibytes(300)),
    fires: [{ rule: postgresTableBloat, labels: { ...at, ...table }, value: '70%' }],
  },
  { name: 'a table with room for as many rows again and more is not told', ...bloated(0.6, mebibytes(300)), fires: [] },
  { name: 'a table that is emptied just now is not told', ...bloated(0.7, mebibytes(300)), at: '50m', fires: [] },
  { name: 'a small table that is empty for the most part is not told', ...bloated(0.9, mebibytes(200)), fires: [] },
  {
    name: 'of a bloated table the primary tells, not its standby',
    ...bloated(0.7, mebibytes(300)),
    series: [...bloated(0.7, mebibytes(300)).series, standby],
    fires: [],
  },
]

interface Scans {
  readonly live?: number
  /** A minute. */
  readonly scans?: number
  readonly read?: number
  readonly byIndex?: number
  readonly labels?: typeof table
}

const read = ({ live = 1e6, scans = 36, read = 36e6, byIndex = 10, labels = table }: Scans = {}) => ({
  about: postgresTableScanned,
  at: '80m' as const,
  series: [
    series(tableLiveRows, 'postgres', `${live}x100`, labels),
    series(tableSeqScans, 'postgres', rising([[scans, 100]]), labels),
    series(tableSeqRows, 'postgres', rising([[read, 100]]), labels),
    series(tableIndexScans, 'postgres', rising([[byIndex, 100]]), labels),
  ],
})
const scannedTable = { rule: postgresTableScanned, labels: { ...at, ...table }, value: '600k' }

const scanned: readonly Case[] = [
  {
    name: 'a table of a million rows that is read whole every other second is told',
    ...read(),
    fires: [scannedTable],
  },
  {
    name: 'a table that three processes read a third of each is told as well',
    ...read({ scans: 108 }),
    fires: [scannedTable],
  },
  {
    name: 'a table of twenty thousand rows that is read whole thirty times a second is told as well',
    ...read({ live: 20_000, scans: 1800 }),
    fires: [scannedTable],
  },
  { name: 'a table that is read whole now and then is not told', ...read({ scans: 29, read: 29e6 }), fires: [] },
  { name: 'a table that is read whole for a while is not told', ...read(), at: '28m', fires: [] },
  {
    name: 'a table of which each scan reads the first rows is not told',
    ...read({ scans: 900 }),
    fires: [],
  },
  { name: 'a table that is mostly read through its indexes is not told', ...read({ byIndex: 40 }), fires: [] },
  { name: 'a small table is read whole at no cost', ...read({ live: 9_000, scans: 4_000 }), fires: [] },
  {
    name: 'the tables summed as the remainder are not told: no index helps them all',
    ...read({ labels: rest }),
    fires: [],
  },
]

export const tableCases: readonly Case[] = [...notVacuumed, ...deadRows, ...notAnalyzed, ...bloat, ...scanned]
