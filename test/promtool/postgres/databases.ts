import { postgresCacheHitRatioLow, postgresRollbackRatioHigh } from '../../../alerts/postgres/databases.ts'
import {
  databaseBlocksHit,
  databaseBlocksRead,
  databaseCommits,
  databaseRollbacks,
} from '../../../exporters/postgres/databases.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'

const database = { datid: '16384', datname: 'techplus' }
const shared = { datid: '0', datname: '' }
const labels = { ...scraped.postgres, datname: 'techplus' }

/** A minute. */
const ended = (rolledBack: number, committed: number, of = database) => ({
  about: postgresRollbackRatioHigh,
  series: [
    series(databaseRollbacks, 'postgres', rising([[rolledBack, 60]]), of),
    series(databaseCommits, 'postgres', rising([[committed, 60]]), of),
  ],
  at: '20m' as const,
})

const rollbacks: readonly Case[] = [
  {
    name: 'a database in which every eighth transaction is rolled back is told',
    ...ended(150, 1050),
    fires: [{ rule: postgresRollbackRatioHigh, labels, value: '12.5%' }],
  },
  {
    name: 'rollbacks are told from one every five seconds on',
    ...ended(14, 70),
    fires: [{ rule: postgresRollbackRatioHigh, labels, value: '16.67%' }],
  },
  {
    name: 'rollbacks of half an hour ago are over',
    about: postgresRollbackRatioHigh,
    series: [
      series(
        databaseRollbacks,
        'postgres',
        rising([
          [150, 20],
          [0.5, 60],
        ]),
        database,
      ),
      series(
        databaseCommits,
        'postgres',
        rising([
          [1050, 20],
          [1, 60],
        ]),
        database,
      ),
    ],
    at: '50m',
    fires: [],
  },
  { name: 'a tenth of transactions rolled back is not told', ...ended(100, 900), fires: [] },
  { name: 'rollbacks are not told within five minutes', ...ended(150, 1050), at: '5m', fires: [] },
  { name: 'a few rollbacks at night are not told', ...ended(11, 2), fires: [] },
  { name: 'a database in which nothing happens rolls nothing back', ...ended(0, 0), fires: [] },
  { name: 'what databases share has no transactions of clients', ...ended(150, 1050, shared), fires: [] },
]

/** Blocks a minute. */
const asked = (read: number, hit: number, of = database) => ({
  about: postgresCacheHitRatioLow,
  series: [
    series(databaseBlocksRead, 'postgres', rising([[read, 100]]), of),
    series(databaseBlocksHit, 'postgres', rising([[hit, 100]]), of),
  ],
  at: '60m' as const,
})

const cache: readonly Case[] = [
  {
    name: 'a database that reads much, and every fifth block from the disk, is told',
    ...asked(80_000, 320_000),
    fires: [{ rule: postgresCacheHitRatioLow, labels, value: '80%' }],
  },
  { name: 'a database that finds 91 % in its cache is not told', ...asked(90_000, 910_000), fires: [] },
  { name: 'a cache that is cold is not told within half an hour', ...asked(80_000, 320_000), at: '30m', fires: [] },
  { name: 'a database that reads little may read it from the disk', ...asked(60_000, 1000), fires: [] },
  { name: 'a database that is not read has no cache to judge', ...asked(0, 0), fires: [] },
  { name: 'what databases share has no cache of its own', ...asked(80_000, 320_000, shared), fires: [] },
]

export const databaseCases: readonly Case[] = [...rollbacks, ...cache]
