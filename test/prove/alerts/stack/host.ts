import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { freemem, setPriority, totalmem } from 'node:os'
import { join } from 'node:path'
import { hostCpuSaturated, hostMemoryLow, hostOutOfMemory } from '../../../../alerts/stack/host.ts'
import { leash } from '../../../../compose/local/leash.ts'
import type { Adjustment, Provocation } from '../provocation.ts'

/** More than the scene itself takes. */
const room = 2.5 * 2 ** 30
/** Percent of all memory: when so little is available, it is a fault. */
const enough = Math.floor((100 * (freemem() - room)) / totalmem())

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
  const [command = process.execPath, ...args] = [...leash('SIGKILL'), process.execPath, '-e', words]
  const child = spawn(command, args, { stdio: 'ignore' })
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
  const { freemem, totalmem } = require('node:os')
  const pieces = []
  setInterval(() => {
    if (freemem() / totalmem() > ${share}) pieces.push(Buffer.alloc(${megabytes} * 2 ** 20, 1))
  }, 20)`

interface Groups {
  readonly folder: string
  /** The file of a group that limits its memory. */
  readonly limit: string
  /** A file, and what has to stand in it where memory can be limited. */
  readonly shows: readonly [file: string, word: RegExp]
}

/** Of the two generations of groups that kernels have, the one in which whoever runs this may limit memory. */
const groups = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', shows: ['memory.limit_in_bytes', /\d/] },
  { folder: '/sys/fs/cgroup', limit: 'memory.max', shows: ['cgroup.subtree_control', /\bmemory\b/] },
] as const satisfies readonly Groups[]

const isWritable = (folder: string) => {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    // Not ours, or of a container that may only look.
    return false
  }
}

const group: Groups | undefined = groups.find(({ folder, shows: [file, word] }) => {
  const path = join(folder, file)
  return existsSync(path) && word.test(readFileSync(path, 'utf8')) && isWritable(folder)
})

export const hostUnprovoked: Readonly<Record<string, string>> = group
  ? {}
  : { [hostOutOfMemory.id]: 'whoever runs this may not limit the memory of a program' }

/** Takes four times what its group may, once it is in one, and no more. */
const greedy = (name: string) => `
  const { readFileSync } = require('node:fs')
  const pieces = []
  setInterval(() => {
    if (!readFileSync('/proc/self/cgroup', 'utf8').includes('${name}')) return
    pieces.push(Buffer.alloc(2 ** 22, 1))
    if (pieces.length > ${megabytes}) process.exit()
  }, 50)`

const outOfMemory = ({ folder: parent, limit }: Groups) => {
  const name = `proof-${process.pid}`
  const folder = join(parent, name)
  return {
    bring: async () => {
      mkdirSync(folder)
      writeFileSync(join(folder, limit), String(megabytes * 2 ** 20))
      const victim = running(greedy(name))
      try {
        writeFileSync(join(folder, 'cgroup.procs'), String(victim.pid))
        await victim.exited
      } finally {
        await victim.end()
      }
    },
    end: async () => rmdirSync(folder),
  }
}

export const hostFaults = (instance: string, processors: number): readonly Provocation[] => {
  const labels = { instance }
  let hungry: Program | undefined
  return [
    {
      fault: 'all processors are kept busy, at the least priority',
      fires: [{ alert: hostCpuSaturated, labels }],
      ...busy(processors),
    },
    {
      fault: 'a program takes memory',
      fires: [{ alert: hostMemoryLow, labels }],
      bring: async () => {
        hungry = running(takes((enough - 1) / 100))
      },
      end: async () => hungry?.end(),
    },
    ...(group
      ? ([
          {
            fault: 'a program takes more memory than its group may',
            fires: [{ alert: hostOutOfMemory, labels }],
            ...outOfMemory(group),
          },
        ] as const)
      : []),
  ]
}
