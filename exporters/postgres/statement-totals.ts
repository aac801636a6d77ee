import { counter, gauge } from '../../metrics/metric.ts'
import { namesOf } from '../../metrics/names.ts'
import { type Found, type Reading, readings } from '../reading.ts'

const everything = (what: string, words: string) =>
  ({
    name: `pg_stat_statements_all_${what}_total`,
    help: `${words}, of all statements together, since the exporter began to count: for rate()`,
  }) as const
export const allStatementCalls = counter(everything('calls', 'Number of times executed'))
export const allStatementSeconds = counter(everything('seconds', 'Total time spent, in seconds'))
export const allStatementRows = counter(everything('rows', 'Total number of rows retrieved or affected'))
export const statementsTracked = gauge({
  name: 'pg_stat_statements_tracked',
  counts: 'statements',
  help: 'Distinct statements that pg_stat_statements holds; at pg_stat_statements.max it forgets the rarest',
})

const totals = { calls: allStatementCalls, seconds: allStatementSeconds, rows: allStatementRows } as const

export const totalMetrics = [...Object.values(totals), statementsTracked] as const

const sumOf = ({ columns, rows }: Found, name: string) => {
  const place = columns.indexOf(name)
  return rows.reduce((sum, row) => sum + Number(row[place]), 0)
}

/**
 * Adds up what is added from scrape to scrape. The server's own sum falls whenever it forgets a statement, and Prometheus
 * would take that for a new beginning, and all that is left for the work of one scrape.
 */
export const counting = () => {
  const counted = namesOf(totals).map((name) => ({ name, before: Number.POSITIVE_INFINITY, total: 0 }))
  return (found: Found): readonly Reading[] => {
    for (const each of counted) {
      const now = sumOf(found, each.name)
      each.total += Math.max(0, now - each.before)
      each.before = now
    }
    const tracked = sumOf(found, 'tracked')
    return [
      ...readings([Object.fromEntries(counted.map(({ name, total }) => [name, total]))], totals),
      ...readings([{ tracked }], { tracked: statementsTracked }),
    ]
  }
}
