import { redisAccessDenied, redisLoginsRefused } from '../../../alerts/redis/access.ts'
import { errors } from '../../../exporters/redis/errors.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { perMinute, trial } from './trial.ts'

const answered = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).map(([err, each]) => series(errors, 'redis', perMinute(each), { err }))

export const accessCases: readonly Case[] = [
  ...trial({
    about: redisLoginsRefused,
    fault: answered({ WRONGPASS: 24, NOAUTH: 16 }),
    early: '1m',
    at: '15m',
    says: { value: '200' },
    quiet: {
      'of twenty in five minutes': answered({ WRONGPASS: 2, NOAUTH: 2 }),
      'of other errors': answered({ ERR: 100, NOPERM: 100 }),
    },
  }),
  ...trial({
    about: redisAccessDenied,
    fault: answered({ NOPERM: 5 }),
    early: '6m',
    at: '15m',
    says: { value: '25' },
    quiet: {
      'of what the exporter is refused': answered({ NOPERM: 2 }),
      'of twenty in five minutes': answered({ NOPERM: 4 }),
      'of other errors': answered({ ERR: 100, WRONGPASS: 100 }),
    },
  }),
]
