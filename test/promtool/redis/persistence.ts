import {
  redisAofRewriteFailed,
  redisAofWriteFailed,
  redisDiskSlow,
  redisForkSlow,
  redisSaveFailed,
  redisSaveStale,
} from '../../../alerts/redis/persistence.ts'
import { savePoints } from '../../../exporters/redis/config.ts'
import {
  appendOnly,
  delayedWrites,
  forks,
  lastFork,
  lastRewriteOk,
  lastSave,
  lastSaveOk,
  lastWriteOk,
  unsavedChanges,
} from '../../../exporters/redis/persistence.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { perMinute, steady, trial } from './trial.ts'

const hour = 3600
/** The clock of a test begins at 0. */
const saved = ({
  hours,
  changes = 5,
  points = 3,
}: {
  readonly hours: number
  readonly changes?: number
  readonly points?: number
}) => [
  series(lastSave, 'redis', steady(-hours * hour)),
  series(unsavedChanges, 'redis', steady(changes)),
  series(savePoints, 'redis', steady(points)),
]
const written = (ok: string, on: number) => [series(lastWriteOk, 'redis', ok), series(appendOnly, 'redis', steady(on))]
const rewritten = (ok: string, on: number) => [
  series(lastRewriteOk, 'redis', ok),
  series(appendOnly, 'redis', steady(on)),
]
const forked = (seconds: number, count: string) => [
  series(lastFork, 'redis', steady(seconds)),
  series(forks, 'redis', count),
]

export const persistenceCases: readonly Case[] = [
  ...trial({
    about: redisSaveFailed,
    fault: [series(lastSaveOk, 'redis', steady(0))],
    early: '0m',
    at: '8m',
    quiet: {
      'where it succeeded': [series(lastSaveOk, 'redis', steady(1))],
      'where the next one succeeded': [series(lastSaveOk, 'redis', '1x6 0 1x20')],
    },
  }),
  ...trial({
    about: redisSaveStale,
    fault: saved({ hours: 25 }),
    early: '4m',
    at: '10m',
    says: { value: '1d 1h 10m 0s' },
    quiet: {
      'before a day': saved({ hours: 23 }),
      'where nothing has changed': saved({ hours: 25, changes: 0 }),
      'where it is not to save': saved({ hours: 25, points: 0 }),
      'where nobody tells whether it is to save': saved({ hours: 25 }).slice(0, 2),
    },
  }),
  ...trial({
    about: redisAofWriteFailed,
    fault: written(steady(0), 1),
    early: '0m',
    at: '8m',
    quiet: {
      'where it succeeds': written(steady(1), 1),
      'where the next one succeeded': written('1x6 0 1x20', 1),
      'where there is no such file any more': written(steady(0), 0),
    },
  }),
  ...trial({
    about: redisAofRewriteFailed,
    fault: rewritten('1x2 0x20', 1),
    early: '8m',
    at: '12m',
    quiet: {
      'where it succeeded': rewritten(steady(1), 1),
      'where there is no such file any more': rewritten(steady(0), 0),
    },
  }),
  ...trial({
    about: redisDiskSlow,
    fault: [series(delayedWrites, 'redis', perMinute(2))],
    early: '5m',
    at: '30m',
    says: { value: '30' },
    quiet: {
      'of ten in 15 minutes': [series(delayedWrites, 'redis', '0x20 8x100')],
      'of a restart': [series(delayedWrites, 'redis', '900x20 0x100')],
    },
  }),
  ...trial({
    about: redisForkSlow,
    fault: forked(0.8, perMinute(1)),
    early: '1m',
    at: '30m',
    says: { value: '800ms' },
    quiet: {
      'of half a second': forked(0.5, perMinute(1)),
      'where the last one is long ago': forked(0.8, steady(3)),
    },
  }),
]
