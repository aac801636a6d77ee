import {
  redisEvicting,
  redisFragmented,
  redisMemoryNearHostLimit,
  redisMemoryNearLimit,
  redisOutOfMemory,
  redisSwappedOut,
} from '../../../alerts/redis/memory.ts'
import { errors } from '../../../exporters/redis/errors.ts'
import { evictedKeys } from '../../../exporters/redis/expiry.ts'
import { keys } from '../../../exporters/redis/keyspace.ts'
import {
  fragmentedBytes,
  memoryFragmentation,
  memoryMax,
  memoryNotCounted,
  memoryResident,
  memoryUsed,
  systemMemory,
} from '../../../exporters/redis/memory.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { labelled, perMinute, steady, trial } from './trial.ts'

interface Limited {
  readonly used: number
  readonly max: number
  readonly apart?: number
}

const limited = ({ used, max, apart = 0 }: Limited) => [
  series(memoryUsed, 'redis', steady(used)),
  series(memoryMax, 'redis', steady(max)),
  series(memoryNotCounted, 'redis', steady(apart)),
]

const hosted = ({
  resident,
  max,
  machine,
}: {
  readonly resident: number
  readonly max: number
  readonly machine: number
}) => [
  series(memoryResident, 'redis', steady(resident)),
  series(memoryMax, 'redis', steady(max)),
  series(systemMemory, 'redis', steady(machine)),
]

const evicting = (evicted: number, ...held: readonly number[]) => [
  series(evictedKeys, 'redis', perMinute(evicted)),
  ...held.map((count, at) => series(keys, 'redis', steady(count), { db: `db${at}` })),
]

const fragmented = (ratio: string, bytes: number) => [
  series(memoryFragmentation, 'redis', ratio),
  series(fragmentedBytes, 'redis', steady(bytes)),
]

const swapped = (ratio: number, used: number) => [
  series(memoryFragmentation, 'redis', steady(ratio)),
  series(memoryUsed, 'redis', steady(used)),
]

const mebibytes = 1024 ** 2

export const memoryCases: readonly Case[] = [
  ...trial({
    about: redisMemoryNearLimit,
    fault: limited({ used: 950, max: 1000 }),
    early: '1m',
    at: '5m',
    says: { value: '95%' },
    quiet: {
      'at 90 %': limited({ used: 900, max: 1000 }),
      'without maxmemory, which reads 0 then': limited({ used: 950, max: 0 }),
      'of buffers that do not count': limited({ used: 950, max: 1000, apart: 100 }),
    },
  }),
  {
    name: 'RedisMemoryNearLimit fires where nobody tells what does not count',
    about: redisMemoryNearLimit,
    series: limited({ used: 950, max: 1000 }).slice(0, 2),
    at: '5m',
    fires: [{ rule: redisMemoryNearLimit, labels: labelled({}), value: '95%' }],
  },
  ...trial({
    about: redisOutOfMemory,
    fault: [series(errors, 'redis', perMinute(2), { err: 'OOM' })],
    early: '3m',
    at: '10m',
    says: { value: '10', labels: labelled({ err: 'OOM' }) },
    quiet: {
      'of five in five minutes': [series(errors, 'redis', perMinute(1), { err: 'OOM' })],
      'of other errors': [series(errors, 'redis', perMinute(10), { err: 'ERR' })],
      'once it is over': [series(errors, 'redis', '7x100', { err: 'OOM' })],
    },
  }),
  ...trial({
    about: redisMemoryNearHostLimit,
    fault: hosted({ resident: 85, max: 0, machine: 100 }),
    early: '4m',
    at: '8m',
    says: { value: '85%' },
    quiet: {
      'at 80 %': hosted({ resident: 80, max: 0, machine: 100 }),
      'with a limit that the machine can hold': hosted({ resident: 85, max: 90, machine: 100 }),
      'where nobody tells how much there is': hosted({ resident: 85, max: 0, machine: 0 }),
    },
  }),
  ...trial({
    about: redisMemoryNearHostLimit,
    fault: hosted({ resident: 85, max: 200, machine: 100 }),
    early: '4m',
    at: '8m',
    says: { value: '85%' },
    quiet: {},
  }).map((one) => ({ ...one, name: `${one.name} with a limit beyond the machine` })),
  ...trial({
    about: redisEvicting,
    fault: evicting(4, 400, 600),
    early: '16m',
    at: '30m',
    says: { value: '6%' },
    quiet: {
      'of few among many keys': evicting(4, 400, 800),
      'of none': evicting(0, 1000),
      'after all keys were removed': evicting(4, 0),
    },
  }),
  ...trial({
    about: redisFragmented,
    fault: fragmented(steady(1.6), 200 * mebibytes),
    early: '55m',
    at: '65m',
    says: { value: '160%' },
    quiet: {
      'at 1.5': fragmented(steady(1.5), 200 * mebibytes),
      'of a small server, which always is': fragmented(steady(9), 100 * mebibytes),
      'of a peak that comes and goes': fragmented('1.6x50 1.2 1.6x100', 200 * mebibytes),
    },
  }),
  ...trial({
    about: redisSwappedOut,
    fault: swapped(0.8, 200 * mebibytes),
    early: '9m',
    at: '15m',
    says: { value: '80%' },
    quiet: {
      'at 90 %': swapped(0.9, 200 * mebibytes),
      'of a small server': swapped(0.5, 100 * mebibytes),
    },
  }),
]
