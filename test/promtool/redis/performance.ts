import {
  redisCommandSlow,
  redisCpuSaturated,
  redisErrorsSurging,
  redisSlowlogGrowing,
} from '../../../alerts/redis/performance.ts'
import { commandCalls, commandSeconds } from '../../../exporters/redis/commands.ts'
import { cpuSystem, cpuUser, mainThreadSystem, mainThreadUser } from '../../../exporters/redis/cpu.ts'
import { errors } from '../../../exporters/redis/errors.ts'
import { slowEntries, slowSeconds } from '../../../exporters/redis/slowlog.ts'
import { commandsProcessed } from '../../../exporters/redis/stats.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { labelled, perMinute, steady, trial } from './trial.ts'

/** Seconds of each minute. */
const busy = (user: number, system: number) => [
  series(mainThreadUser, 'redis', perMinute(user)),
  series(mainThreadSystem, 'redis', perMinute(system)),
]
const busyProcess = (user: number, system: number) => [
  series(cpuUser, 'redis', perMinute(user)),
  series(cpuSystem, 'redis', perMinute(system)),
]

interface Command {
  readonly calls: number
  readonly seconds: number
  readonly cmd?: string
}
const command = ({ calls, seconds, cmd = 'keys' }: Command) => [
  series(commandCalls, 'redis', perMinute(calls), { cmd }),
  series(commandSeconds, 'redis', perMinute(seconds), { cmd }),
]

const logged = (entries: number, seconds: number, name = 'hgetall') => [
  series(slowEntries, 'redis', perMinute(entries), { command: name }),
  series(slowSeconds, 'redis', perMinute(seconds), { command: name }),
]

const failing = (err: string, each: number, commands: number) => [
  series(errors, 'redis', perMinute(each), { err }),
  series(commandsProcessed, 'redis', perMinute(commands)),
]

export const performanceCases: readonly Case[] = [
  ...trial({
    about: redisCpuSaturated,
    fault: busy(45, 9),
    early: '9m',
    at: '20m',
    says: { value: '90%' },
    quiet: {
      'at 80 %': busy(30, 18),
      'where other threads are busy, and not the one': [...busy(30, 9), ...busyProcess(100, 50)],
    },
  }),
  ...trial({
    about: redisCpuSaturated,
    fault: busyProcess(45, 9),
    early: '9m',
    at: '20m',
    says: { value: '90%' },
    quiet: {},
  }).map((one) => ({ ...one, name: `${one.name} where only the process is told of` })),
  ...trial({
    about: redisCommandSlow,
    fault: command({ calls: 60, seconds: 3 }),
    early: '9m',
    at: '30m',
    says: { value: '50ms', labels: labelled({ cmd: 'keys' }) },
    quiet: {
      'of 10 ms on average': command({ calls: 600, seconds: 6 }),
      'of a few calls that nobody feels': command({ calls: 3, seconds: 0.6 }),
      'of a command that nobody calls': command({ calls: 0, seconds: 0 }),
      'of what is summed of many commands': command({ calls: 60, seconds: 3, cmd: 'other' }),
    },
  }),
  ...trial({
    about: redisSlowlogGrowing,
    fault: [
      ...logged(12, 0.06),
      ...logged(8, 0.04, 'other'),
      // None of them is slow on average and felt: their own alert is quiet.
      ...command({ calls: 600, seconds: 3, cmd: 'hgetall' }),
      ...command({ calls: 3, seconds: 0.3 }),
      ...command({ calls: 60, seconds: 3, cmd: 'other' }),
    ],
    early: '9m',
    at: '30m',
    says: { value: '200' },
    quiet: {
      'of one in six seconds': logged(10, 0.2),
      'of a log that holds every call': logged(6000, 3),
      'of a command that is slow on average': [...logged(60, 3), ...command({ calls: 60, seconds: 3 })],
    },
  }),
  ...trial({
    about: redisErrorsSurging,
    fault: failing('WRONGTYPE', 60, 600),
    early: '9m',
    at: '20m',
    says: { value: '10%', labels: labelled({ err: 'WRONGTYPE' }) },
    quiet: {
      'of one command in twenty': failing('WRONGTYPE', 30, 600),
      'of somebody who types': failing('ERR', 6, 12),
      'of what has its own alert': failing('OOM', 60, 600),
      'of redirections in a cluster': failing('MOVED', 60, 600),
      'of scripts that are sent again': failing('NOSCRIPT', 60, 600),
      'where nothing is asked': [...failing('ERR', 60, 0).slice(0, 1), series(commandsProcessed, 'redis', steady(5))],
    },
  }),
]
