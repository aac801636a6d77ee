import { createServer } from 'node:http'
import { listening } from '../listening.ts'
import type { HouseSeries } from '../panels/house.ts'

/** Unix times of the first sample and of the last, and how far apart they are, in seconds. */
export interface Moments {
  readonly begin: number
  readonly end: number
  readonly every: number
}

/** As many as a counter rises by, now faster and now slower; whole numbers, whose sums are exact. */
const pace = (place: number, tick: number) => 1 + place + (tick % 3)

/** What a series stands at after so many samples. Counters are what they were before, and more. */
const valuesOf = ({ kind, place }: HouseSeries, count: number, begin: number): readonly number[] => {
  let level = 0
  return Array.from({ length: count }, (_, tick) => {
    if (kind === 'state') return 1
    if (kind === 'moment') return Math.floor(begin)
    if (kind === 'gauge') return 10 + ((tick + place * 7) % 60)
    level += pace(place, tick)
    return level
  })
}

const labelsOf = (labels: HouseSeries['labels']) =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')

/** A request that was counted in the bucket: what Grafana shows beside a latency. */
const exemplarOf = ({ name, place }: HouseSeries, value: number, at: number) =>
  name === 'http_request_duration_seconds_bucket' ? ` # {trace_id="${place}-${value}"} 0.1 ${at}` : ''

/** All samples of all series, one moment after the other, in OpenMetrics: each carries its time. */
export const exposed = (series: readonly HouseSeries[], { begin, end, every }: Moments): string => {
  const count = Math.floor((end - begin) / every) + 1
  const made = series.map((one) => ({
    one,
    head: `${one.name}{${labelsOf(one.labels)}}`,
    values: valuesOf(one, count, begin),
  }))
  const lines = Array.from({ length: count }, (_, tick) => {
    const at = begin + tick * every
    return made
      .map(({ one, head, values }) => `${head} ${values[tick] ?? 0} ${at}${exemplarOf(one, values[tick] ?? 0, at)}\n`)
      .join('')
  })
  return `${lines.join('')}# EOF\n`
}

/**
 * What is scraped: nothing at first, then what `say` was told, whoever asks and however often, so that a scrape that failed is
 * made good by the next.
 */
export const feed = async () => {
  let said = '# EOF\n'
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
    response.end(said)
  })
  const port = await listening(server)
  return {
    address: `127.0.0.1:${port}`,
    say: (text: string) => {
      said = text
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
