import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { readOne } from './read.ts'

export const cleanupDue = gauge({
  name: 'reservations_cleanup_due',
  counts: 'reservations',
  help: 'Rows that the next cleanup changes: completed more than a year ago (completed), with an expired token (token)',
  labels: ['reason'],
})
export const tokensExpired = gauge({
  name: 'reservation_tokens_expired',
  counts: 'tokens',
  help: 'Management tokens that have expired and are still stored',
})
export const tokensActive = gauge({
  name: 'reservation_tokens_active',
  counts: 'tokens',
  help: 'Management tokens that a guest can still use, those without an end included',
})
export const tokensExpiring = gauge({
  name: 'reservation_tokens_expiring',
  counts: 'tokens',
  help: 'Those of the active management tokens that expire within 24 hours',
})

/** What the periodic cleanup has left to do: it grows when the cleanup does not run, so this is a survey. */
export const cleanup = ({ relation, date, states }: Book, { asks }: Survey): Collector<Postgres> => {
  const sql = `
    select count(*)::float8 as completed from ${relation.sql}
    where ${states.is('completed')} and ${date} < current_date - interval '1 year'`
  const counted = asks('cleanup', (database) => readOne<{ readonly completed: number }>(database, relation, sql))
  return {
    name: 'cleanup',
    metrics: [cleanupDue],
    async collect(postgres) {
      const found = await counted(postgres, postgres)
      return found ? [cleanupDue.sample(found.completed, { reason: 'completed' })] : []
    },
  }
}

/** What guests manage their reservations with. The expired ones are the cleanup's, too. */
export const tokens = ({ relation, tokens: kept }: Book, { asks }: Survey): Collector<Postgres> | undefined => {
  if (!kept) return undefined
  const { token, expires } = kept
  const sql = `
    select (count(*) filter (where ${expires} < now()))::float8 as expired,
           (count(*) filter (where ${expires} >= now() or ${expires} is null))::float8 as active,
           (count(*) filter (where ${expires} >= now() and ${expires} < now() + interval '24 hours'))::float8 as expiring
    from ${relation.sql} where ${token} is not null`
  const counted = asks('tokens', (database) => readOne<Tokens>(database, relation, sql))
  return {
    name: 'tokens',
    metrics: [tokensExpired, tokensActive, tokensExpiring, cleanupDue],
    async collect(postgres) {
      const found = await counted(postgres, postgres)
      if (!found) return []
      const { expired, active, expiring } = found
      return [
        tokensExpired.sample(expired),
        tokensActive.sample(active),
        tokensExpiring.sample(expiring),
        cleanupDue.sample(expired, { reason: 'token' }),
      ]
    },
  }
}

type Tokens = Readonly<Record<'expired' | 'active' | 'expiring', number>>
