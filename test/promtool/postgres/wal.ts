import {
  postgresArchiveStale,
  postgresArchivingFailing,
  postgresCheckpointsRequested,
  postgresWalGrowing,
} from '../../../alerts/postgres/wal.ts'
import { archiveAge, archived, archiveFailures } from '../../../exporters/postgres/archiver.ts'
import { checkpointsRequested, checkpointsTimed } from '../../../exporters/postgres/background-writer.ts'
import { maxWalSize, slotKeepSize, walKeepSize } from '../../../exporters/postgres/settings.ts'
import { walPosition, walSegments, walSize } from '../../../exporters/postgres/wal.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'
import { gibibytes, mebibytes, standby } from './at.ts'

const at = scraped.postgres

/** Files a minute. */
const archiving = ({ fails, succeeds }: { readonly fails: number; readonly succeeds: number }) => ({
  about: postgresArchivingFailing,
  at: '20m' as const,
  series: [
    series(archiveFailures, 'postgres', rising([[fails, 60]])),
    series(archived, 'postgres', rising([[succeeds, 60]])),
  ],
})

const failing: readonly Case[] = [
  {
    name: 'a log of which nothing reaches its archive is told',
    ...archiving({ fails: 3, succeeds: 0 }),
    fires: [{ rule: postgresArchivingFailing, labels: at }],
  },
  { name: 'a log that reaches its archive is not told', ...archiving({ fails: 0, succeeds: 1 }), fires: [] },
  {
    name: 'a log that reaches its archive at a second attempt is not told',
    ...archiving({ fails: 1, succeeds: 1 }),
    fires: [],
  },
  { name: 'a log that nobody archives is not told', ...archiving({ fails: 0, succeeds: 0 }), fires: [] },
  {
    name: 'an archive that fails for some minutes is not told',
    ...archiving({ fails: 3, succeeds: 0 }),
    at: '5m',
    fires: [],
  },
]

interface Log {
  /** MiB a minute. */
  readonly written?: number
  readonly files?: number
  readonly age?: string
}

const stale = ({ written = 2, files = 64, age = '0+60x100' }: Log = {}) => ({
  about: postgresArchiveStale,
  at: '70m' as const,
  series: [
    series(archiveAge, 'postgres', age),
    series(archiveFailures, 'postgres', '0x100'),
    series(walPosition, 'postgres', `0+${mebibytes(written)}x100`),
    series(walSize, 'postgres', `${gibibytes(1)}x100`),
    series(walSegments, 'postgres', `${files}x100`),
  ],
})

const archive: readonly Case[] = [
  {
    name: 'a log that is written and not archived for more than an hour is told',
    ...stale(),
    fires: [{ rule: postgresArchiveStale, labels: at, value: '1h 10m 0s' }],
  },
  { name: 'a log that was not archived for just an hour is not told', ...stale(), at: '63m', fires: [] },
  { name: 'a log that was archived within the hour is not told', ...stale({ age: '0+60x50 0+60x50' }), fires: [] },
  { name: 'a log that nobody writes need not be archived', ...stale({ written: 0.5 }), fires: [] },
  { name: 'a log of large files is archived more rarely', ...stale({ files: 16 }), fires: [] },
  {
    name: 'an archive that fails is told as that alone',
    ...stale(),
    series: [
      ...stale().series.filter((one) => !one.series.includes('failed')),
      series(archiveFailures, 'postgres', rising([[3, 100]])),
    ],
    fires: [],
  },
  {
    name: 'a standby that once was the primary need not archive',
    ...stale(),
    series: [...stale().series, standby],
    fires: [],
  },
]

/** An hour. */
const checkpoints = (requested: number, timed: number) => ({
  about: postgresCheckpointsRequested,
  at: '110m' as const,
  series: [
    series(checkpointsRequested, 'postgres', rising([[requested / 60, 120]])),
    series(checkpointsTimed, 'postgres', rising([[timed / 60, 120]])),
  ],
})

const requests: readonly Case[] = [
  {
    name: 'checkpoints that mostly come early are told',
    ...checkpoints(12, 3),
    fires: [{ rule: postgresCheckpointsRequested, labels: at, value: '80%' }],
  },
  { name: 'checkpoints of which less than half come early are not told', ...checkpoints(9, 11), fires: [] },
  { name: 'checkpoints that come early for some minutes are not told', ...checkpoints(30, 3), at: '30m', fires: [] },
  { name: 'a few checkpoints that were asked for are not told', ...checkpoints(4, 1), fires: [] },
  { name: 'no checkpoints at all are not told', ...checkpoints(0, 0), fires: [] },
  {
    name: 'of early checkpoints the primary tells, not its standby',
    ...checkpoints(12, 3),
    series: [...checkpoints(12, 3).series, standby],
    fires: [],
  },
]

interface Allowed {
  readonly keep?: number
  /** -1: no limit. */
  readonly slots?: number
}

const growing = (size: number, { keep = 0, slots = -1 }: Allowed = {}) => ({
  about: postgresWalGrowing,
  at: '20m' as const,
  series: [
    series(walSize, 'postgres', `${gibibytes(size)}x30`),
    series(maxWalSize, 'postgres', `${gibibytes(1)}x30`),
    series(walKeepSize, 'postgres', `${gibibytes(keep)}x30`),
    series(slotKeepSize, 'postgres', `${slots === -1 ? -1 : gibibytes(slots)}x30`),
  ],
})

const directory: readonly Case[] = [
  {
    name: 'a log three times as large as it is to be is told',
    ...growing(3),
    fires: [{ rule: postgresWalGrowing, labels: at, value: '300%' }],
  },
  { name: 'a log twice as large as it is to be is not told', ...growing(2), fires: [] },
  { name: 'a log that a burst made large is not told', ...growing(3), at: '14m', fires: [] },
  { name: 'what is kept for standbys may be there', ...growing(3, { keep: 1 }), fires: [] },
  { name: 'what slots may keep may be there', ...growing(3, { slots: 1 }), fires: [] },
]

export const walCases: readonly Case[] = [...failing, ...archive, ...requests, ...directory]
