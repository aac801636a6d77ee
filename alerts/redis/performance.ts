import { sla } from '../../config/sla.ts'
import { remainder } from '../../exporters/reading.ts'
import { commandCalls, commandSeconds } from '../../exporters/redis/commands.ts'
import { cpuSystem, cpuUser, mainThreadSystem, mainThreadUser } from '../../exporters/redis/cpu.ts'
import { errors } from '../../exporters/redis/errors.ts'
import { slowEntries, slowSeconds } from '../../exporters/redis/slowlog.ts'
import { commandsProcessed } from '../../exporters/redis/stats.ts'
import { not, notMatches } from '../../metrics/metric.ts'
import { add, and, div, gt, increase, or, rate, round, sum, unless, type Window } from '../../metrics/promql.ts'
import { type OfInstance, target as server } from '../../metrics/target.ts'
import { type Alert, alert, boundary } from '../alert.ts'
import { cli } from './cli.ts'

/** The share of the time in which the thread that runs commands works. */
export const mainThreadBusy = (window: Window, of: OfInstance = {}) =>
  or(
    add(rate(mainThreadUser.where(of), window), rate(mainThreadSystem.where(of), window)),
    // Older servers tell only of the process, in which other threads do little.
    add(rate(cpuUser.where(of), window), rate(cpuSystem.where(of), window)),
  )

export const redisCpuSaturated = alert({
  name: 'RedisCpuSaturated',
  threshold: {
    is: '80 %',
    least: '20 %',
    most: '99 %',
    source: 'pigsty warns at 70 %; queues double from there to 85 %',
  },
  expr: (threshold) => gt(mainThreadBusy('5m'), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The one thread of Redis ${label('instance')} that runs commands is busy for ${value.percent} of the time: commands queue`,
  action: `See what takes it: ${cli('info commandstats')}. Fewer and cheaper commands help; more processors do not.`,
  runbook: {
    meaning: 'Processor time of the thread that runs every command, as a share of one processor.',
    impact: 'Each command waits for those before it: pages get slower for everybody, and at 100 % they time out.',
    diagnosis: [
      { look: 'Which commands take the time (usec)', shell: cli('info commandstats | sort -t= -k3 -rn | head') },
      { look: 'How many a second', shell: cli('info stats | grep instantaneous_ops_per_sec') },
      { look: 'What the thread does', shell: 'perf top -p $(pidof redis-server)' },
    ],
    mitigation: [
      'Pipeline, and ask for several keys at once: much of the time goes into small reads and writes of sockets.',
      'Let other threads read and write: io-threads 4 in redis.conf, and a restart.',
      'Send reads to a replica, or split the keys over several servers.',
    ],
  },
})

/** A stall for this share of the time reaches as many requests: no more than may be slow by the promise. */
const heldUp = Number((1 - sla.httpLatency.target).toPrecision(12))
const commandTime = rate(commandSeconds.where({ cmd: not(remainder) }), '10m')

/** Commands that take long on average, and often enough to be felt. */
const slowCommands = (threshold: number) =>
  and(
    gt(div(commandTime, rate(commandCalls.where({ cmd: not(remainder) }), '10m')), threshold),
    gt(commandTime, heldUp),
  )

export const redisCommandSlow = alert({
  name: 'RedisCommandSlow',
  threshold: { is: '10 ms', least: '1 ms', most: '10 s', source: "Redis's slow log begins there by default" },
  expr: slowCommands,
  for: '10m',
  keepFiringFor: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('cmd')} takes ${value.duration} on average on Redis ${label('instance')}, and everybody waits for it`,
  action: ({ label }) =>
    `See with which keys ${label('cmd')} is called: ${cli('slowlog get 10')}. Read them in parts, or split them.`,
  runbook: {
    meaning:
      'Time that the command ran over its calls, within ten minutes, where it holds up the server for more than 1 % of the time. ' +
      'Waiting in a queue or on the network is not in it.',
    impact: 'One thread runs all commands: every other client waits that long.',
    diagnosis: [
      { look: 'The last slow calls, with their keys', shell: cli('slowlog get 10') },
      { look: 'Calls and time of each command', shell: cli('info commandstats | sort -t= -k3 -rn | head') },
      { look: 'The largest keys of each type (reads every key)', shell: cli('--bigkeys -i 0.01') },
    ],
    mitigation: [
      'KEYS: replace it with SCAN. Forbid it meanwhile: ACL SETUSER NAME -keys.',
      'SMEMBERS, HGETALL, LRANGE 0 -1, ZRANGE of large keys: read them in parts, or keep them smaller.',
      'DEL, FLUSHDB of large keys: UNLINK, FLUSHDB ASYNC. EVAL: do less in one script.',
    ],
  },
})

/** Of a log that was told to hold everything: such calls are slow to nobody. */
const hardlySlow = 0.001

export const redisSlowlogGrowing = alert({
  name: 'RedisSlowlogGrowing',
  threshold: { is: '100', least: '1', most: '100000', source: 'Ours: one slow call every six seconds' },
  expr: (threshold) => {
    const entries = sum(increase(slowEntries, '10m'), server)
    const slow = and(
      gt(round(entries), threshold),
      gt(div(sum(increase(slowSeconds, '10m'), server), entries), hardlySlow),
    )
    // A command that is slow on average has its own alert.
    return unless(slow, slowCommands(boundary(redisCommandSlow)), { on: server })
  },
  for: '10m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} calls came into the slow log of Redis ${label('instance')} within 10 minutes`,
  action: `Read it: ${cli('slowlog get 25')}. Look for large keys, KEYS, and scripts.`,
  runbook: {
    meaning:
      'Calls that took longer than slowlog-log-slower-than, of commands that are fast on average: some keys are too large, or the ' +
      'machine stalls.',
    impact: 'Every other client waits during each of them: a few slow pages, and nobody knows why.',
    diagnosis: [
      { look: 'The last ones: microseconds, command, keys, client', shell: cli('slowlog get 25') },
      { look: 'What held up the server', shell: cli('latency doctor') },
      { look: 'Whether the machine itself stalls (runs for 30 s)', shell: 'redis-cli --intrinsic-latency 30' },
    ],
    mitigation: [
      'The same keys again and again: split them, or read them in parts.',
      'All kinds of commands at the same time: the machine stalls. Look for swapping, a save (RedisForkSlow) and noisy neighbours.',
      `Note what stalls: ${cli('config set latency-monitor-threshold 100')}, then ${cli('latency latest')}.`,
    ],
  },
})

/** Each of them has an alert that knows more, or is no fault: a cluster redirects, a script is sent again. */
const toldElsewhere = [
  ...['OOM', 'MISCONF', 'READONLY', 'NOREPLICAS', 'WRONGPASS', 'NOAUTH', 'NOPERM'],
  ...['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN', 'NOSCRIPT', 'BUSYGROUP'],
]
const oddErrors = rate(errors.where({ err: notMatches(toldElsewhere.join('|')) }), '5m')
/** Errors a second: fewer are somebody who types. */
const fewErrors = 0.1

export const redisErrorsSurging = alert({
  name: 'RedisErrorsSurging',
  threshold: { is: '5 %', least: '0 %', most: '100 %', source: 'Ours: a command in twenty fails' },
  expr: (threshold) =>
    and(
      gt(div(oddErrors, gt(rate(commandsProcessed, '5m'), 0), { on: server, groupLeft: [] }), threshold),
      gt(oddErrors, fewErrors),
    ),
  for: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} answers with the error ${label('err')} for ${value.percent} of its commands`,
  action: `See which commands fail: ${cli("info commandstats | grep -vE 'rejected_calls=0,failed_calls=0'")}. Compare with the last deploy.`,
  runbook: {
    meaning:
      'Replies that begin with this word, over all commands. ERR is a wrong command or argument, WRONGTYPE a key of another type.',
    impact: 'That part of the application fails, or goes on without its cache.',
    diagnosis: [
      { look: 'Errors by kind', shell: cli('info errorstats') },
      { look: 'Which commands fail', shell: cli("info commandstats | grep -vE 'rejected_calls=0,failed_calls=0'") },
      { look: 'What the service logged', shell: 'docker compose logs --since 10m api | grep -i redis' },
    ],
    mitigation: [
      'After a deploy: take it back.',
      'WRONGTYPE: two versions use one key differently. Remove it with UNLINK, and name the new one otherwise.',
      'ERR unknown command: the client is newer than the server, or rename-command took it away.',
    ],
  },
})

export const performanceAlerts: readonly Alert[] = [
  redisCpuSaturated,
  redisCommandSlow,
  redisSlowlogGrowing,
  redisErrorsSurging,
]
