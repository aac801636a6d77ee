import {
  redisDown,
  redisLoading,
  redisRestarted,
  redisRestartingOften,
  redisWritesRefused,
} from '../../../alerts/redis/availability.ts'
import { errors } from '../../../exporters/redis/errors.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { loading } from '../../../exporters/redis/persistence.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { identity } from './identity.ts'
import { labelled, perMinute, steady, trial } from './trial.ts'

const refused = (err: string, each: number) => [series(errors, 'redis', perMinute(each), { err })]

export const availabilityCases: readonly Case[] = [
  ...trial({
    about: redisDown,
    fault: [series(redisVitals.up, 'redis', '1x2 0x20')],
    early: '3m',
    at: '5m',
    quiet: {
      'where it answers': [series(redisVitals.up, 'redis', steady(1))],
      'where one scrape failed': [series(redisVitals.up, 'redis', '1x3 0 1x20')],
    },
  }),
  ...trial({
    about: redisLoading,
    fault: [series(loading, 'redis', '0x2 1x20')],
    early: '4m',
    at: '6m',
    quiet: {
      'where all is loaded': [series(loading, 'redis', steady(0))],
      'where it loads for a minute': [series(loading, 'redis', '0x3 1 0x20')],
    },
  }),
  ...trial({
    about: redisRestarted,
    fault: [identity('1x10 stale'), identity('_x11 1x20', { run: 'b' })],
    early: '11m',
    at: '12m',
    says: { value: '2' },
    quiet: {
      'of the first start, as of a young Prometheus': [identity('_x11 1x20', { run: 'b' })],
      'of a change of its role': [identity('1x10 stale'), identity('_x11 1x20', { role: 'slave' })],
    },
  }),
  ...trial({
    about: redisRestartingOften,
    fault: [
      identity('1x10 stale'),
      identity('_x11 1x10 stale', { run: 'b' }),
      identity('_x22 1x10 stale', { run: 'c' }),
      identity('_x33 1x50', { run: 'd' }),
    ],
    early: '33m',
    at: '35m',
    says: { value: '4' },
    quiet: {
      'of two restarts': [
        identity('1x10 stale'),
        identity('_x11 1x10 stale', { run: 'b' }),
        identity('_x22 1x50', { run: 'c' }),
      ],
    },
  }),
  ...trial({
    about: redisWritesRefused,
    fault: refused('MISCONF', 2),
    early: '3m',
    at: '10m',
    says: { value: '10', labels: labelled({ err: 'MISCONF' }) },
    quiet: {
      'of five in five minutes': refused('READONLY', 1),
      'of those for lack of memory, which have their own': refused('OOM', 100),
    },
  }),
  ...trial({
    about: redisWritesRefused,
    fault: refused('READONLY', 2),
    early: '2m',
    at: '10m',
    says: { value: '10', labels: labelled({ err: 'READONLY' }) },
    quiet: {},
  }).map((one) => ({ ...one, name: `${one.name} of a replica` })),
]
