import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Payments } from './book.ts'
import { read, readOne } from './read.ts'

export const reservationPayments = gauge({
  name: 'reservation_payments',
  counts: 'payments',
  help: 'Attempts to pay within the last hour (1h) and day (24h): succeeded; declined, the card was refused; failed, an error of ours or of the provider',
  labels: ['period', 'outcome'],
})
export const paymentsFailing = gauge({
  name: 'reservation_payments_failing',
  counts: 'reservations',
  help: 'Reservations whose last attempt to pay, within the last day, was declined or failed',
})

const periods = ['1h', '24h'] as const

/** Whether guests can pay. */
export const payments = ({ relation, status, created, reservation, outcomes }: Payments): Collector<Postgres> => {
  const recent = `from ${relation.sql} where ${created} > now() - interval '24 hours'`
  const attempts = `
    select coalesce(${status}::text, '') as value, count(*)::float8 as "24h",
           (count(*) filter (where ${created} > now() - interval '1 hour'))::float8 as "1h"
    ${recent} group by ${status}`
  const failing =
    reservation &&
    `select (count(*) filter (where ${outcomes.is('declined', 'failed')}))::float8 as failing
     from (select distinct on (${reservation}) ${status} ${recent} order by ${reservation}, ${created} desc) as latest`
  const waiting = async (postgres: Postgres) => {
    if (!failing) return []
    const found = await readOne<{ readonly failing: number }>(postgres, relation, failing)
    return [paymentsFailing.sample(found.failing)]
  }
  return {
    name: 'payments',
    metrics: [reservationPayments, ...(failing ? [paymentsFailing] : [])],
    async collect(postgres) {
      const [rows, unpaid] = await Promise.all([read<Row>(postgres, relation, attempts), waiting(postgres)])
      const counts = periods.flatMap((period) =>
        outcomes
          .tally(rows, (row) => row[period])
          .map(([outcome, count]) => reservationPayments.sample(count, { period, outcome })),
      )
      return [...counts, ...unpaid]
    },
  }
}

interface Row extends Readonly<Record<(typeof periods)[number], number>> {
  readonly value: string
}
