import {
  hostClockAdrift,
  hostClockSkewed,
  hostCpuSaturated,
  hostMemoryLow,
  hostMemoryStalled,
  hostOutOfMemory,
} from '../../../alerts/stack/host.ts'
import {
  clockOffset,
  clockSynchronised,
  cpuSeconds,
  memoryAvailable,
  memoryStalled,
  memoryTotal,
  oomKills,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const gibibyte = 2 ** 30
const memory = (available: string) => [
  series(memoryTotal, 'node', `${8 * gibibyte}x60`),
  series(memoryAvailable, 'node', available),
]
const low: readonly Case[] = [
  {
    name: 'a machine with a twentieth of its memory left is told',
    about: hostMemoryLow,
    series: memory(`${0.4 * gibibyte}x30`),
    at: '15m',
    fires: [{ rule: hostMemoryLow, labels: scraped.node, value: '5%' }],
  },
  {
    name: 'a machine with an eighth of its memory left is not told',
    about: hostMemoryLow,
    series: memory(`${gibibyte}x30`),
    at: '15m',
    fires: [],
  },
  {
    name: 'a machine that was short of memory for four minutes is not told',
    about: hostMemoryLow,
    series: memory(`${4 * gibibyte}x10 ${0.1 * gibibyte}x3 ${4 * gibibyte}x20`),
    at: '16m',
    fires: [],
  },
  {
    name: 'a machine that is short of memory since eight minutes is not told',
    about: hostMemoryLow,
    series: memory(`${4 * gibibyte}x10 ${0.1 * gibibyte}x20`),
    at: '18m',
    fires: [],
  },
]

const killed: readonly Case[] = [
  {
    name: 'programs that the kernel ended are told',
    about: hostOutOfMemory,
    series: [series(oomKills, 'node', '3x14 5x20')],
    at: '18m',
    fires: [{ rule: hostOutOfMemory, labels: scraped.node, value: '2' }],
  },
  {
    name: 'programs that the kernel ended before are not told',
    about: hostOutOfMemory,
    series: [series(oomKills, 'node', '3x40')],
    at: '18m',
    fires: [],
  },
  {
    name: 'a program that the kernel ended is told for half an hour after',
    about: hostOutOfMemory,
    series: [series(oomKills, 'node', '0x14 1x60')],
    at: '50m',
    fires: [{ rule: hostOutOfMemory, labels: scraped.node, value: '1' }],
  },
  {
    name: 'a machine that was started anew is not told to have ended programs',
    about: hostOutOfMemory,
    series: [series(oomKills, 'node', '3x14 0x20')],
    at: '18m',
    fires: [],
  },
  {
    name: 'a program that the kernel ended this second is not told yet',
    about: hostOutOfMemory,
    series: [series(oomKills, 'node', '0x14 1x20')],
    at: '15m',
    fires: [],
  },
]

const stalled: readonly Case[] = [
  {
    name: 'a machine on which nothing goes on for want of memory in a fifth of the time is told',
    about: hostMemoryStalled,
    series: [series(memoryStalled, 'node', '0+12x60')],
    at: '30m',
    fires: [{ rule: hostMemoryStalled, labels: scraped.node, value: '20%' }],
  },
  {
    name: 'a machine on which nothing goes on for want of memory in a twentieth of the time is not told',
    about: hostMemoryStalled,
    series: [series(memoryStalled, 'node', '0+3x60')],
    at: '30m',
    fires: [],
  },
  {
    name: 'a machine that stands still for want of memory since four minutes is not told',
    about: hostMemoryStalled,
    series: [series(memoryStalled, 'node', '0x25 0+60x20')],
    at: '30m',
    fires: [],
  },
]

/** Two processors, and what they do with each minute. */
const processors = (idle: readonly [string, string]) =>
  idle.flatMap((seconds, i) => [
    series(cpuSeconds, 'node', seconds, { cpu: String(i), mode: 'idle' }),
    series(cpuSeconds, 'node', '0+1x60', { cpu: String(i), mode: 'iowait' }),
  ])
const busy: readonly Case[] = [
  {
    name: 'processors that are idle for a twentieth of the time are told',
    about: hostCpuSaturated,
    series: processors(['0+3x60', '0+3x60']),
    at: '40m',
    fires: [{ rule: hostCpuSaturated, labels: scraped.node, value: '95%' }],
  },
  {
    name: 'one processor that is busy beside one that is not is not told',
    about: hostCpuSaturated,
    series: processors(['0+0x60', '0+30x60']),
    at: '40m',
    fires: [],
  },
  {
    name: 'processors that are idle for an eighth of the time are not told',
    about: hostCpuSaturated,
    series: processors(['0+7.5x60', '0+7.5x60']),
    at: '40m',
    fires: [],
  },
  {
    name: 'processors that are busy since fourteen minutes are not told',
    about: hostCpuSaturated,
    series: processors(['0+60x26 1560x20', '0+60x26 1560x20']),
    at: '40m',
    fires: [],
  },
]

const clock: readonly Case[] = [
  {
    name: 'a clock that is a fifth of a second behind its server is told, without its sign',
    about: hostClockSkewed,
    series: [series(clockOffset, 'node', '-0.2x60')],
    at: '30m',
    fires: [{ rule: hostClockSkewed, labels: scraped.node, value: '200ms' }],
  },
  {
    name: 'a clock that is forty milliseconds ahead is not told',
    about: hostClockSkewed,
    series: [series(clockOffset, 'node', '0.04x60')],
    at: '30m',
    fires: [],
  },
  {
    name: 'a clock that was set right within ten minutes is not told',
    about: hostClockSkewed,
    series: [series(clockOffset, 'node', '0x10 2x13 0x30')],
    at: '24m',
    fires: [],
  },
  {
    name: 'a clock that no longer follows a server is told',
    about: hostClockAdrift,
    series: [series(clockSynchronised, 'node', '1x30 0x100')],
    at: '80m',
    fires: [{ rule: hostClockAdrift, labels: scraped.node }],
  },
  {
    name: 'a clock that finds its server every second minute is not told',
    about: hostClockAdrift,
    series: [series(clockSynchronised, 'node', '1 0 '.repeat(50).trim())],
    at: '80m',
    fires: [],
  },
  {
    name: 'a clock that never followed a server is not told',
    about: hostClockAdrift,
    series: [series(clockSynchronised, 'node', '0x130')],
    at: '80m',
    fires: [],
  },
  {
    name: 'a clock that follows a server is not told',
    about: hostClockAdrift,
    series: [series(clockSynchronised, 'node', '1x130')],
    at: '80m',
    fires: [],
  },
  {
    name: 'a clock that follows no server since half an hour is not told',
    about: hostClockAdrift,
    series: [series(clockSynchronised, 'node', '1x30 0x100')],
    at: '60m',
    fires: [],
  },
]

export const hostCases: readonly Case[] = [...low, ...killed, ...stalled, ...busy, ...clock]
