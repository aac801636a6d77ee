import {
  hostDiskFilling,
  hostDiskNearlyFull,
  hostDiskReadonly,
  hostDiskStalled,
  hostInodesNearlyGone,
} from '../../../alerts/stack/disk.ts'
import {
  filesystemAvailable,
  filesystemFiles,
  filesystemFilesFree,
  filesystemReadonly,
  filesystemSize,
  ioStalled,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const root = { device: '/dev/vda', fstype: 'ext4', mountpoint: '/' }
const memory = { device: 'tmpfs', fstype: 'tmpfs', mountpoint: '/run' }
const ofRoot = { ...scraped.node, ...root }

/** A disk of 1000 bytes, each sample ten minutes after the one before. */
const disk = (
  available: string,
  { at = root, readonly = '0x300' }: { readonly at?: typeof root; readonly readonly?: string } = {},
) => [
  series(filesystemSize, 'node', '1000x300', at),
  series(filesystemAvailable, 'node', available, at),
  series(filesystemReadonly, 'node', readonly, at),
]
const step = '10m' as const

const full: readonly Case[] = [
  {
    name: 'a disk with four hundredths left is told',
    about: hostDiskNearlyFull,
    series: disk('40x20'),
    at: '8m',
    fires: [{ rule: hostDiskNearlyFull, labels: ofRoot, value: '4%' }],
  },
  {
    name: 'a disk with six hundredths left is not told',
    about: hostDiskNearlyFull,
    series: disk('60x20'),
    at: '8m',
    fires: [],
  },
  {
    name: 'a disk that is full since three minutes is not told',
    about: hostDiskNearlyFull,
    series: disk('10x20'),
    at: '3m',
    fires: [],
  },
  {
    name: 'a disk that is emptied every second minute is not told',
    about: hostDiskNearlyFull,
    series: disk('10 900 10 900 10 900 10 900 10 900 10 900 10 900 10 900'),
    at: '14m',
    fires: [],
  },
  {
    name: 'a full filesystem in memory is no disk',
    about: hostDiskNearlyFull,
    series: disk('0x20', { at: memory }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a full disk that can only be read is not told',
    about: hostDiskNearlyFull,
    series: disk('0x20', { readonly: '1x300' }),
    at: '8m',
    fires: [],
  },
]

const filling: readonly Case[] = [
  {
    // 2 of 1000 go in ten minutes: at 12 an hour, the 288 of a day are not there.
    name: 'a disk that is full within a day is told',
    about: hostDiskFilling,
    series: disk('380-2x100'),
    step,
    at: '10h',
    fires: [{ rule: hostDiskFilling, labels: ofRoot }],
  },
  {
    name: 'a disk that is full within three days is not told',
    about: hostDiskFilling,
    series: disk('380-0.5x100'),
    step,
    at: '10h',
    fires: [],
  },
  {
    name: 'a disk that fills fast and is half empty is not told',
    about: hostDiskFilling,
    series: disk('1000-9x60'),
    step,
    at: '9h',
    fires: [],
  },
  {
    name: 'a disk that fills and is watched since half an hour is not told',
    about: hostDiskFilling,
    series: disk('380-5x6'),
    at: '40m',
    step: '5m',
    fires: [],
  },
  {
    name: 'a disk that began to fill twenty minutes ago is not told',
    about: hostDiskFilling,
    series: disk('100x60 100-20x3'),
    step,
    at: '620m',
    fires: [],
  },
  {
    name: 'a disk that fills and is watched since an hour and twenty minutes is not told yet',
    about: hostDiskFilling,
    series: disk('380-5x100'),
    step,
    at: '80m',
    fires: [],
  },
  {
    name: 'memory that fills is no disk',
    about: hostDiskFilling,
    series: disk('380-2x100', { at: memory }),
    step,
    at: '10h',
    fires: [],
  },
]

const files = (free: string, of = '1000x60', at = root) => [
  series(filesystemFiles, 'node', of, at),
  series(filesystemFilesFree, 'node', free, at),
  series(filesystemReadonly, 'node', '0x60', at),
]
const inodes: readonly Case[] = [
  {
    name: 'a disk that can hold few more files is told',
    about: hostInodesNearlyGone,
    series: files('30x60'),
    at: '20m',
    fires: [{ rule: hostInodesNearlyGone, labels: ofRoot, value: '3%' }],
  },
  {
    name: 'a disk that can hold six hundredths more files is not told, and neither is memory that can hold none',
    about: hostInodesNearlyGone,
    series: [...files('60x60'), ...files('0x60', '1000x60', memory)],
    at: '20m',
    fires: [],
  },
  {
    name: 'a disk without a limit of files is not told',
    about: hostInodesNearlyGone,
    series: files('0x60', '0x60'),
    at: '20m',
    fires: [],
  },
  {
    name: 'a disk that can hold few more files since ten minutes is not told',
    about: hostInodesNearlyGone,
    series: files('500x20 10x40'),
    at: '34m',
    fires: [],
  },
]

const readonly: readonly Case[] = [
  {
    name: 'a disk that became one to be read only is told',
    about: hostDiskReadonly,
    series: [series(filesystemReadonly, 'node', '0x20 1x40', root)],
    at: '40m',
    fires: [{ rule: hostDiskReadonly, labels: ofRoot }],
  },
  {
    name: 'a disk that always was to be read only is not told',
    about: hostDiskReadonly,
    series: [series(filesystemReadonly, 'node', '1x60', root)],
    at: '40m',
    fires: [],
  },
  {
    name: 'a disk that is written to is not told, and neither is memory that can only be read',
    about: hostDiskReadonly,
    series: [series(filesystemReadonly, 'node', '0x60', root), series(filesystemReadonly, 'node', '0x20 1x40', memory)],
    at: '40m',
    fires: [],
  },
  {
    name: 'a disk that was remounted for three minutes is not told',
    about: hostDiskReadonly,
    series: [series(filesystemReadonly, 'node', '0x36 1x2 0x20', root)],
    at: '40m',
    fires: [],
  },
]

const stalled: readonly Case[] = [
  {
    name: 'a machine on which everything waits for a disk in half of the time is told',
    about: hostDiskStalled,
    series: [series(ioStalled, 'node', '0+30x60')],
    at: '30m',
    fires: [{ rule: hostDiskStalled, labels: scraped.node, value: '50%' }],
  },
  {
    name: 'a machine on which everything waits for a disk in a quarter of the time is not told',
    about: hostDiskStalled,
    series: [series(ioStalled, 'node', '0+15x60')],
    at: '30m',
    fires: [],
  },
  {
    name: 'a machine that waits for a disk since eight minutes is not told',
    about: hostDiskStalled,
    series: [series(ioStalled, 'node', '0x22 0+60x30')],
    at: '30m',
    fires: [],
  },
]

export const diskCases: readonly Case[] = [...full, ...filling, ...inodes, ...readonly, ...stalled]
