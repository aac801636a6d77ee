import { type Sample, summary } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Choose } from './bounded.ts'
import { callsOf, countsOf } from './commands.ts'
import { fieldsOf, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

export const latencyPercentiles = summary({
  ...theirs(
    'latency_percentiles_usec',
    'Time the command ran, in microseconds: percentiles since the server started, named 50, 99 and 99.9',
  ),
  labels: ['cmd'],
})

/** How long the slowest calls of each command ran. Percentiles can't be added up: what is not shown has none. */
export const percentiles = (choose: Choose): Collector<Redis> => ({
  name: 'latency_percentiles',
  metrics: [latencyPercentiles],
  async collect({ info }) {
    const found = await info()
    const calls = callsOf(found)
    const shown = choose(countsOf(calls))
    return fieldsOf(found, 'latency_percentiles_usec_').flatMap(([cmd, text]): readonly Sample[] => {
      const known = calls.get(cmd)
      if (!known || !shown.has(cmd)) return []
      const quantiles = [...pairsOf(text)].flatMap(([name, value]): readonly Sample[] => {
        const [quantile, microseconds] = [numberOf(name.slice(1)), numberOf(value)]
        if (quantile === undefined || microseconds === undefined) return []
        return [{ metric: latencyPercentiles, value: microseconds, labels: { cmd, quantile: String(quantile) } }]
      })
      if (quantiles.length === 0) return []
      return [
        ...quantiles,
        { metric: latencyPercentiles, value: known.microseconds, labels: { cmd }, suffix: '_sum' },
        { metric: latencyPercentiles, value: known.calls, labels: { cmd }, suffix: '_count' },
      ]
    })
  },
})
