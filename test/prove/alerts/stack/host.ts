import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { hostCpuSaturated, hostMemoryLow, hostOutOfMemory } from '../../../../alerts/stack/host.ts'
import type { Adjustment, Provocation } from '../provocation.ts'

const memory = (name: 'MemAvailable' | 'MemTotal') =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1])

/** More than the scene itself takes. */
const room = 2.5 * 2 ** 30
/** Percent of all memory: so little is available that it is a fault. */
const enough = Math.floor((100 * (memory('MemAvailable') - room)) / memory('MemTotal'))

export const hostAdjusted: readonly Adjustment[] = [
  {
    alert: hostMemoryLow,
    threshold: `${enough} %`,
    why: 'the memory of the machine that all this runs on is not taken but for a little of what was available',
  },
  { alert: hostCpuSaturated, threshold: '98 %', why: 'the machine that all this runs on is busy without any fault' },
]

/** A program of a few words that runs until it is killed. */
const running = (words: string, priority = 0) => {
  const child = spawn(process.execPath, ['-e', words], { stdio: 'ignore' })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (child.pid !== undefined && priority > 0) setPriority(child.pid, priority)
  return {
    pid: child.pid,
    exited,
    end: () => {
      child.kill('SIGKILL')
      return exited
    },
  }
}
type Program = ReturnType<typeof running>

/** It takes what nobody else wants of the processors. */
const least = 19

const busy = (processors: number) => {
  let programs: readonly Program[] = []
  return {
    bring: async () => {
      programs = Array.from({ length: processors }, () => running('for (;;);', least))
    },
    end: () => Promise.all(programs.map((one) => one.end())),
  }
}

const megabytes = 64
/** Takes memory, piece by piece, until so little is available. */
const takes = (share: number) => `
  const { readFileSync } = require('node:fs')
  const pieces = []
  const field = (name) => Number(new RegExp('^' + name + ':\\\\s+(\\\\d+)', 'm').exec(readFileSync('/proc/meminfo', 'utf8'))[1])
  setInterval(() => {
    if (field('MemAvailable') / field('MemTotal') > ${share}) pieces.push(Buffer.alloc(${megabytes} * 2 ** 20, 1))
  }, 20)`

const groups = {
  v1: { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  v2: { folder: '/sys/fs/cgroup', limit: 'memory.max' },
} as const
const cgroup = existsSync(join(groups.v1.folder, groups.v1.limit)) ? groups.v1 : groups.v2

/** Whether whoever runs this may limit the memory of a program, and mount a disk. */
export const isRoot = process.getuid?.() === 0

const outOfMemory = () => {
  const folder = join(cgroup.folder, `proof-${process.pid}`)
  return {
    bring: async () => {
      mkdirSync(folder)
      writeFileSync(join(folder, cgroup.limit), String(megabytes * 2 ** 20))
      const victim = running('const pieces = []; setInterval(() => pieces.push(Buffer.alloc(2 ** 22, 1)), 50)')
      writeFileSync(join(folder, 'cgroup.procs'), String(victim.pid))
      await victim.exited
    },
    end: async () => rmdirSync(folder),
  }
}

export const hostFaults = (instance: string, processors: number): readonly Provocation[] => {
  const labels = { instance }
  let hungry: Program | undefined
  return [
    {
      fault: 'every processor is kept busy, at the least priority',
      fires: [{ alert: hostCpuSaturated, labels }],
      ...busy(processors),
    },
    {
      fault: 'a program takes a little of the memory',
      fires: [{ alert: hostMemoryLow, labels }],
      bring: async () => {
        hungry = running(takes((enough - 1) / 100))
      },
      end: async () => hungry?.end(),
    },
    ...(isRoot
      ? ([
          {
            fault: 'a program outgrows the limit of its group',
            fires: [{ alert: hostOutOfMemory, labels }],
            ...outOfMemory(),
          },
        ] as const)
      : []),
  ]
}
