import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { numberOf, releaseOf, theirs } from './fields.ts'
import { asked, tableOf } from './permission.ts'
import type { Redis } from './source.ts'

const limitLabels = ['class', 'limit'] as const

export const configValue = gauge({
  ...theirs('config_value', 'A setting that is a number, as CONFIG GET tells it'),
  labels: ['key'],
})
const outputBufferBytes = gauge({
  ...theirs(
    'config_client_output_buffer_limit_bytes',
    'Bytes of replies that may wait for a client before it is disconnected: at once (hard) or after a while (soft); 0 is no limit',
  ),
  labels: limitLabels,
})
const outputBufferSeconds = gauge({
  ...theirs(
    'config_client_output_buffer_limit_overcome_seconds',
    'How long a client may be above the soft limit, in seconds',
  ),
  labels: limitLabels,
})

export const savePoints = gauge({
  name: 'redis_config_save_points',
  counts: 'points',
  help: 'Rules of the setting save, by which the server saves by itself; 0 where it does not',
})

const named = {
  'io-threads': gauge(theirs('config_io_threads', 'The setting io-threads')),
  maxclients: gauge(theirs('config_maxclients', 'The setting maxclients')),
  maxmemory: gauge(theirs('config_maxmemory', 'The setting maxmemory, in bytes; 0 is no limit')),
  'repl-backlog-size': gauge(theirs('config_repl_backlog_size', 'The setting repl-backlog-size, in bytes')),
} as const

/** The only settings that are asked for: numbers that explain other metrics. Nothing that may be a secret. */
const numbers = [
  'acllog-max-len',
  'active-expire-effort',
  'auto-aof-rewrite-min-size',
  'auto-aof-rewrite-percentage',
  'databases',
  'hz',
  'io-threads',
  'latency-monitor-threshold',
  'maxclients',
  'maxmemory',
  'maxmemory-samples',
  'min-replicas-max-lag',
  'min-replicas-to-write',
  'repl-backlog-size',
  'repl-backlog-ttl',
  'repl-diskless-sync-delay',
  'repl-ping-replica-period',
  'repl-timeout',
  'slowlog-log-slower-than',
  'slowlog-max-len',
  'tcp-backlog',
  'tcp-keepalive',
  'timeout',
  'tracking-table-max-keys',
] as const
const saveRules = 'save'
const outputLimit = 'client-output-buffer-limit'

/** `CONFIG GET` of the settings named. Before 7.0 it takes one name at a time. */
export const settings = async (
  reader: Pick<Redis, 'ask' | 'info'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const several = releaseOf(await reader.info()) >= 7
  const questions = several ? [names] : names.map((name) => [name])
  const replies = await Promise.all(questions.map((wanted) => asked(reader, '+config|get', 'CONFIG', 'GET', ...wanted)))
  return new Map(replies.flatMap((reply) => [...tableOf(reply)].map(([name, value]) => [name, String(value)] as const)))
}

/** How the server is set up: settings that are numbers. */
export const config: Collector<Redis> = {
  name: 'config',
  metrics: [configValue, savePoints, outputBufferBytes, outputBufferSeconds, ...Object.values(named)],
  async collect(reader) {
    const found = await settings(reader, [...numbers, saveRules, outputLimit])
    const read = (name: string) => numberOf(found.get(name))
    return [
      ...numbers.flatMap((key) => withValue(read(key), (value) => configValue.sample(value, { key }))),
      ...Object.entries(named).flatMap(([name, metric]) => withValue(read(name), (value) => metric.sample(value))),
      ...pointsIn(found.get(saveRules)),
      ...limitsOf(found.get(outputLimit) ?? ''),
    ]
  },
}

const withValue = (value: number | undefined, sample: (value: number) => Sample) =>
  value === undefined ? [] : [sample(value)]

/** `3600 1 300 100`: seconds and changes of each rule. */
const pointsIn = (text: string | undefined) =>
  text === undefined ? [] : [savePoints.sample(text.split(' ').filter(Boolean).length / 2)]

/** `normal 0 0 0 slave 268435456 67108864 60`: class, hard limit, soft limit, seconds. */
const limitsOf = (text: string): readonly Sample[] => {
  const words = text.split(' ')
  return words.flatMap((name, at) => {
    if (at % 4 !== 0) return []
    const [hard, soft, seconds] = words.slice(at + 1, at + 4).map(numberOf)
    return [
      ...withValue(hard, (value) => outputBufferBytes.sample(value, { class: name, limit: 'hard' })),
      ...withValue(soft, (value) => outputBufferBytes.sample(value, { class: name, limit: 'soft' })),
      ...withValue(seconds, (value) => outputBufferSeconds.sample(value, { class: name, limit: 'soft' })),
    ]
  })
}
