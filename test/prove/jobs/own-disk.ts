import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCode } from '../../../exporters/failure.ts'
import type { Proven, Shop } from './case.ts'

/** A disk that can be full without anybody else's being so. */
export interface OwnDisk {
  readonly folder: string
  /** Somebody else takes all that is left of it, and keeps what they have. */
  fill(): void
  /** And gives it back. */
  free(): void
  /** Unmounts it, with all that is in it. */
  end(): void
}

const mount = (folder: string, megabytes: number) =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
// A process that has ended just now may have a file open there still.
const unmount = (folder: string) => execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' })

/** Why no disk of our own can be mounted here, where none can: it takes Linux, root, and a system that lets root. */
export const whyNoDisk = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'disk-'))
  try {
    mount(folder, 1)
    unmount(folder)
    return undefined
  } catch {
    return 'nobody may mount a disk here'
  } finally {
    rmdirSync(folder)
  }
}

/** What is told of a case that needs one. */
export const notPlayed = (why: string): Proven => ({ what: `not played: ${why}`, counts: 'nothing', faults: [] })

/** What is to be on a disk of its own: a folder of the workshop, and the MiB that it has. */
export interface Disk<Folder extends string = string> {
  readonly holds: Folder
  readonly megabytes: number
}

/** Plays a case that needs one, where it can be had; it is gone behind it. */
export const onOwnDisk = async (
  { folder }: Shop,
  { holds, megabytes }: Disk,
  play: (disk: OwnDisk) => Promise<Proven>,
): Promise<Proven> => {
  const why = whyNoDisk()
  if (why !== undefined) return notPlayed(why)
  const disk = ownDisk(join(folder, holds), megabytes)
  try {
    return await play(disk)
  } finally {
    disk.end()
  }
}

/** In memory, at a folder that is made where it is not there. */
const ownDisk = (folder: string, megabytes: number): OwnDisk => {
  mkdirSync(folder, { recursive: true })
  mount(folder, megabytes)
  const taken = join(folder, 'of-somebody-else')
  return {
    folder,
    fill: () => fillUp(taken),
    free: () => rmSync(taken, { force: true }),
    end: () => void unmount(folder),
  }
}

const fillUp = (path: string) => {
  const file = openSync(path, 'a')
  try {
    for (const piece = Buffer.alloc(1024 ** 2); ; ) writeSync(file, piece)
  } catch (cause) {
    if (!isCode(cause, 'ENOSPC')) throw cause
  } finally {
    closeSync(file)
  }
}
