import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { isTable, type Reading } from '../../exporters/reading.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'
import { asSamples, asTable } from '../prove/catalogue.ts'
import { generated } from '../prove/generated.ts'
import { fakeScraped, throughPrometheus } from '../prove/through-prometheus.ts'

// The same with 100,000 samples: npm run prove -- exposition
test('What Prometheus reads in either format is what was sent, whatever stands in labels and values', async () => {
  const found = await throughPrometheus(generated(3000, 1))
  expect(found.map(({ format }) => format)).toEqual(['OpenMetrics', 'text'])
  for (const { format, differences, series } of found) {
    expect(differences.slice(0, 5), format).toEqual([])
    expect(series).toBeGreaterThanOrEqual(3000)
  }
})

/** The same, each series counted as it is printed; of a table those of its first metric. */
const counted = (readings: readonly Reading[]) => {
  let printed = 0
  const counting = (holder: object, key: PropertyKey, value: unknown) => {
    const count = () => {
      printed += 1
      return value
    }
    Object.defineProperty(holder, key, { get: count })
  }
  for (const reading of readings) {
    if (!isTable(reading)) counting(reading, 'labels', reading.labels)
    else for (const row of reading.rows) counting(row, reading.metrics[0]?.[1] ?? 0, row[reading.metrics[0]?.[1] ?? 0])
  }
  return { readings, printed: () => printed }
}

/** The most that is printed from one turn of the event loop to the next while something is done. */
const mostInTurn = async (printed: () => number, work: () => Promise<unknown>) => {
  let [most, before, ended] = [0, printed(), false]
  const working = work().finally(() => {
    ended = true
  })
  while (!ended) {
    await turn()
    most = Math.max(most, printed() - before)
    before = printed()
  }
  await working
  return most
}

// What it takes in milliseconds: npm run prove -- event-loop
describe.each<[what: string, readings: readonly Reading[], values: number]>([
  ['in a table of texts', asTable(200_000), 50_000],
  ['sample by sample', asSamples(200_000), 200_000],
])('200,000 series %s', (_what, given, values) => {
  const { readings, printed } = counted(given)
  const app = exporterServer({ scraped: [fakeScraped(readings)], registry: processRegistry(), log: false })
  const address = app.listen({ host: '127.0.0.1', port: 0 })
  afterAll(() => app.close())

  test.each(['identity', 'gzip'])('are sent a bit at a time, so that others get their turn: %s', async (encoding) => {
    const [url, before] = [`${await address}/metrics/fake/main`, printed()]
    const scrape = async () => (await fetch(url, { headers: { 'accept-encoding': encoding } })).text()
    let text = ''
    const most = await mostInTurn(printed, async () => {
      text = await scrape()
    })
    expect(text.split('\n').filter((line) => line.startsWith('big_table_'))).toHaveLength(200_000)
    // A line has more than 65 characters, and a chunk 65,536.
    expect(most).toBeLessThanOrEqual(2 * 1000)
    expect(printed() - before).toBeGreaterThanOrEqual(values)
  })
})
