import { histogram } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { distribution, remainder } from '../reading.ts'
import type { Postgres } from './source.ts'

/** Seconds; the peer's. */
const bounds = [1, 2, 5, 15, 30, 60, 90, 120, 300] as const
/** Clients choose their names: any more are told of together. */
const mostNames = 50

export const idleSeconds = histogram({
  name: 'pg_process_idle_seconds',
  peer: 'postgres_exporter',
  help: `How long the sessions that are idle now have been so, of the ${mostNames} applications with most of them`,
  labels: ['state', 'application_name'],
  buckets: bounds,
})

/** Sessions that wait for their client, in a transaction or not. */
export const idle: Collector<Postgres> = {
  name: 'idle',
  metrics: [idleSeconds],
  async collect({ rows }) {
    const found = await rows<Row>(sql)
    return found.flatMap(({ state, application_name, sum, count, ...below }) =>
      distribution(
        idleSeconds,
        { state, application_name },
        { buckets: bounds.map((bound) => [bound, below[`below_${bound}`]]), sum, count },
      ),
    )
  },
}

type Row = {
  readonly state: string
  readonly application_name: string
  readonly sum: number
  readonly count: number
} & Readonly<Record<`below_${(typeof bounds)[number]}`, number>>

const sql = `
  with waiting as (
    select state, coalesce(application_name, '') as application_name,
           greatest(0, extract(epoch from clock_timestamp() - state_change)) as seconds
    from pg_stat_activity where state like 'idle%'
  ), named as (
    select application_name, row_number() over (order by count(*) desc, application_name) <= ${mostNames} as shown
    from waiting group by 1
  )
  select state, case when shown then application_name else '${remainder}' end as application_name,
         sum(seconds) as sum, count(*) as count,
         ${bounds.map((bound) => `count(*) filter (where seconds <= ${bound}) as below_${bound}`).join(', ')}
  from waiting join named using (application_name) group by 1, 2`
