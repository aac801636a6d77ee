import { counter } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import { boundedRows, chosen } from './bounded.ts'
import { fieldsOf, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

export const errors = counter({
  ...theirs('errors_total', 'Replies that were errors, by the word they began with'),
  labels: ['err'],
})

/** Scripts may answer errors of any name; a server before 7.2 remembers every one. */
const errorLimit = 100

/** Which errors were answered. */
export const errorNames = (): Collector<Redis> => {
  const choose = chosen(errorLimit)
  return {
    name: 'errors',
    metrics: [errors],
    async collect({ info }) {
      const counts = new Map(
        fieldsOf(await info(), 'errorstat_').flatMap(([err, text]) => {
          const count = numberOf(pairsOf(text).get('count'))
          return count === undefined ? [] : [[err, count] as const]
        }),
      )
      const rows = new Map([...counts].map(([err, count]) => [err, [count]]))
      return readings({ columns: ['err', 'count'], rows: boundedRows(rows, choose(counts)) }, { count: errors })
    },
  }
}
