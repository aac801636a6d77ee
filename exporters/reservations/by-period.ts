import type { Gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

interface Counted<Period extends string> {
  readonly name: string
  readonly metric: Gauge<'period' | 'status'>
  readonly periods: readonly Period[]
  /** Finds a row for each status: it in `value`, and how many there are of it in a column for each period. */
  readonly sql: string
}

/** How many there are in each state, over some periods. A survey: weeks of a busy house are much to read at every scrape. */
export const byPeriod = <const Period extends string>(
  { relation, states }: Book,
  { asks }: Survey,
  { name, metric, periods, sql }: Counted<Period>,
): Collector<Postgres> => {
  const counted = asks(name, (database) => read<Row<Period>>(database, relation, sql))
  return {
    name,
    metrics: [metric],
    async collect(postgres) {
      const rows = await counted(postgres, postgres)
      if (!rows) return []
      return periods.flatMap((period) =>
        states.tally(rows, (row) => row[period]).map(([status, count]) => metric.sample(count, { period, status })),
      )
    },
  }
}

type Row<Period extends string> = Readonly<Record<Period, number>> & { readonly value: string }
