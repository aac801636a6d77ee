import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  hostDiskFilling,
  hostDiskNearlyFull,
  hostDiskReadonly,
  hostInodesNearlyGone,
} from '../../../../alerts/stack/disk.ts'
import { again } from '../again.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { thereIs } from './judge.ts'

/** Only who is root may mount an image as a disk, and in a container not even they. */
const mounts =
  process.getuid?.() === 0 &&
  existsSync('/dev/loop-control') &&
  spawnSync('unshare', ['--mount', 'true'], { stdio: 'ignore' }).status === 0

const diskAlerts = [hostDiskFilling, hostDiskNearlyFull, hostDiskReadonly, hostInodesNearlyGone]
export const diskUnprovoked: Readonly<Record<string, string>> = mounts
  ? {}
  : Object.fromEntries(diskAlerts.map(({ id }) => [id, 'whoever runs this may not mount a disk']))

export const diskAdjusted: readonly Adjustment[] = [
  { alert: hostDiskFilling, threshold: '24 min', why: 'sixty times faster' },
]

const size = 16 * 2 ** 20
/** Of an image of that size. */
const files = 256

const run = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { stdio: 'pipe', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })

interface Disk {
  readonly mountpoint: string
  /** Takes so much that only this share is left for programs. */
  fillUntil(share: number): void
  remount(how: 'ro' | 'rw'): void
  unmount(): void
}

/** A disk of 16 MiB, which is a file. */
const mountDisk = (folder: string, name: string): Disk => {
  const [image, mountpoint] = [join(folder, `${name}.image`), join(folder, name)]
  mkdirSync(mountpoint, { recursive: true })
  writeFileSync(image, '')
  truncateSync(image, size)
  run('mkfs.ext4', '-q', '-F', '-N', String(files), image)
  run('mount', '-o', 'loop', image, mountpoint)
  return {
    mountpoint,
    fillUntil: (share) => {
      const { bavail, bsize, blocks } = statfsSync(mountpoint)
      writeFileSync(join(mountpoint, 'filling'), Buffer.alloc(Math.floor((bavail - share * blocks) * bsize), 1))
    },
    remount: (how) => run('mount', '-o', `remount,${how}`, mountpoint),
    unmount: () => run('umount', mountpoint),
  }
}

const seconds = 1_000
/** Bytes a second: what is left would be taken within an hour. */
const pace = 20_000

const fillingFaults = ({ mountpoint }: Disk, watch: Watch): readonly Provocation[] => {
  const log = join(mountpoint, 'log')
  const growing = again(seconds, async () => appendFileSync(log, Buffer.alloc(pace, 1)))
  return [
    {
      fault: 'a log grows by 20 kB a second on a disk of 16 MiB',
      fires: [{ alert: hostDiskFilling, labels: { mountpoint } }],
      // It must have been watched for an hour.
      before: () => thereIs(watch, `node_filesystem_size_bytes{mountpoint="${mountpoint}"} offset 60s`),
      bring: growing.begin,
      end: async () => {
        await growing.end()
        rmSync(log)
      },
      patience: 180,
    },
  ]
}

const fullFaults = (disk: Disk): readonly Provocation[] => {
  const labels = { mountpoint: disk.mountpoint }
  const many = join(disk.mountpoint, 'many')
  return [
    {
      fault: 'a file takes all but a fiftieth of a disk',
      fires: [{ alert: hostDiskNearlyFull, labels }],
      bring: async () => disk.fillUntil(0.02),
      end: async () => rmSync(join(disk.mountpoint, 'filling')),
    },
    {
      fault: 'very many files are made on a disk',
      fires: [{ alert: hostInodesNearlyGone, labels }],
      bring: async () => {
        mkdirSync(many)
        const { ffree } = statfsSync(disk.mountpoint)
        for (let made = 0; made < ffree - 2; made += 1) writeFileSync(join(many, String(made)), '')
      },
      end: async () => rmSync(many, { recursive: true }),
    },
    {
      fault: 'a disk is mounted again for reading only',
      fires: [{ alert: hostDiskReadonly, labels }],
      bring: async () => disk.remount('ro'),
      end: async () => disk.remount('rw'),
    },
  ]
}

/** Two small disks, as a node exporter sees them: one that fills, and one that is full. Neither where nothing can be mounted. */
export const openDisks = (folder: string) => {
  if (!mounts) return { lanes: () => [], end: async () => undefined }
  const disks = [mountDisk(folder, 'filling'), mountDisk(folder, 'full')] as const
  const [filling, full] = disks
  filling.fillUntil(0.35)
  return {
    lanes: (watch: Watch) => [fillingFaults(filling, watch), fullFaults(full)],
    end: async () => {
      const ends = await Promise.allSettled(disks.map(async (disk) => disk.unmount()))
      for (const one of ends) if (one.status === 'rejected') throw one.reason
    },
  }
}
