import { redisHitRatioLow, redisKeysWithoutExpiry } from '../../../alerts/redis/keyspace.ts'
import { keys, keysExpiring } from '../../../exporters/redis/keyspace.ts'
import { keyspaceHits, keyspaceMisses } from '../../../exporters/redis/stats.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { labelled, perMinute, trial } from './trial.ts'

const lookedUp = (hits: number, misses: number) => [
  series(keyspaceHits, 'redis', perMinute(hits)),
  series(keyspaceMisses, 'redis', perMinute(misses)),
]
const held = (all: string, expiring: string) => [
  series(keys, 'redis', all, { db: 'db0' }),
  series(keysExpiring, 'redis', expiring, { db: 'db0' }),
]

export const keyspaceCases: readonly Case[] = [
  ...trial({
    about: redisHitRatioLow,
    fault: lookedUp(300, 900),
    early: '14m',
    at: '40m',
    says: { value: '25%' },
    quiet: {
      'where half of them hit': lookedUp(600, 600),
      'of ten a second': lookedUp(0, 600),
      'of none': lookedUp(0, 0),
    },
  }),
  ...trial({
    about: redisKeysWithoutExpiry,
    fault: held('0+12x1000 12000x600', '0x1600'),
    early: '1490m',
    at: '1560m',
    // 12,000, less what was there a day before.
    says: { value: '10.56k', labels: labelled({ db: 'db0' }) },
    quiet: {
      'where they expire': held('0+10x1600', '0+10x1600'),
      'of 10,000': held('0+9x1600', '0x1600'),
      'of a queue that fills and empties': held('0x1400 50000x60 0x100', '0x1600'),
    },
  }),
  {
    name: 'RedisKeysWithoutExpiry is quiet on the first day',
    about: redisKeysWithoutExpiry,
    series: held('0+100x1430', '0x1430'),
    at: '1430m',
    fires: [],
  },
]
