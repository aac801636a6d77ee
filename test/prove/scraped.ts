/** What a service tells of its requests. */
export interface Scraped {
  readonly completed: number
  readonly aborted: number
  readonly inFlight: number
  readonly open: number
  readonly errors: number
  /** Of `http_requests_total`, by their names and labels. */
  readonly series: readonly string[]
  /** All values of the label, over all metrics. */
  readonly routes: readonly string[]
  /** Everything that was served: series -> value. */
  readonly values: ReadonlyMap<string, number>
}

export const sumOf = (values: ReadonlyMap<string, number>, name: string) =>
  [...values].reduce(
    (sum, [series, value]) => (series === name || series.startsWith(`${name}{`) ? sum + value : sum),
    0,
  )

/** Reads /metrics as Prometheus does. @throws Error where it is not answered, or not with 200 */
export const scraped = async (url: string): Promise<Scraped> => {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`could not scrape ${url}: ${answer.status} ${text}`)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const values = new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))] as const
    }),
  )
  const aborted = sumOf(values, 'http_requests_aborted_total')
  return {
    completed: sumOf(values, 'http_requests_total') - aborted,
    aborted,
    inFlight: sumOf(values, 'http_requests_in_flight'),
    open: sumOf(values, 'active_connections'),
    errors: sumOf(values, 'instrumentation_errors_total'),
    series: [...values.keys()].filter((one) => one.startsWith('http_requests_total')),
    routes: [...new Set([...text.matchAll(/[{,]route="((?:[^"\\]|\\.)*)"/g)].map(([, route = '']) => route))],
    values,
  }
}
