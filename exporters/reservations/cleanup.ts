import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { readOne } from './read.ts'

export const tokensExpired = gauge({
  name: 'reservation_tokens_expired',
  counts: 'tokens',
  help: 'Management tokens that have expired and are still stored',
})
export const cleanupDue = gauge({
  name: 'reservations_cleanup_due',
  counts: 'reservations',
  help: 'Rows that the next cleanup changes: completed more than a year ago (completed), with an expired token (token)',
  labels: ['reason'],
})

/** What the periodic cleanup has left to do: it grows when the cleanup does not run. */
export const cleanup: Collector<Postgres> = {
  name: 'cleanup',
  metrics: [tokensExpired, cleanupDue],
  async collect(source) {
    const { completed, token } = await readOne<{ completed: number; token: number }>(source, sql)
    return [
      tokensExpired.sample(token),
      cleanupDue.sample(completed, { reason: 'completed' }),
      cleanupDue.sample(token, { reason: 'token' }),
    ]
  },
}

// Two counts rather than one with filters: each has an index that leads straight to its few rows.
const sql = `
  select (select count(*) from reservations
          where status = 'COMPLETED' and date < current_date - interval '1 year')::float8 as completed,
         (select count(*) from reservations
          where management_token is not null and token_expires_at < now())::float8 as token`
