import { createHash } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { bench, growthIn, type Result } from '../bench/bench.ts'
import { cpuOf, failuresIn, gauges, memoryOf, seriesOf, spreadOf } from '../bench/measure.ts'
import type { Measured, Pair } from '../bench/pair.ts'
import { ensurePeers, type Peers } from '../bench/peers.ts'
import { equalWithin } from '../bench/postgres.ts'
import { countingProxy } from '../bench/proxy.ts'
import { growthOf, tableOf } from '../bench/report.ts'
import { eventually } from './servers.ts'

const number = String.raw`\d[\d.]*`

const measured = (series: number, median: number): Measured => {
  const spread = spreadOf([median])
  return {
    series,
    families: new Map([['pg_up', series]]),
    bytes: 1,
    zippedBytes: 1,
    latency: spread,
    zipped: spread,
    cpu: median,
    zippedCpu: median,
    resident: 100,
    peak: 120,
    trips: 1,
    connections: 0,
  }
}
const pair = (ours: Measured, peer?: Measured): Pair => ({ title: 'x', words: 'y', ours, ...(peer && { peer }) })

/** A row holds a figure for each side, or says that the peer is absent. */
const expectFigures = ({ tables, peer }: Result) => {
  const theirs = peer.endsWith('absent') ? 'absent' : number
  for (const table of tables) {
    for (const row of ['series', 'latency, median, ms', 'exporter CPU, ms', 'round trips', 'RSS, MiB']) {
      expect(table).toMatch(new RegExp(`^\\| ${row} \\| ${number} \\| ${theirs} \\|`, 'm'))
    }
  }
}

test('both exporters are measured on one server, with equal series', { timeout: 120_000 }, async () => {
  const results = await bench({ data: ['postgres-small', 'redis-100k'], scrapes: 3 })
  expect(results.map(({ data }) => data)).toEqual(['postgres-small', 'redis-100k'])
  for (const result of results) expectFigures(result)
  const [equal] = results[0]?.pairs ?? []
  if (!equal) throw new Error('nothing was measured')
  const { ours, peer } = equal
  expect(ours.executing).toBeGreaterThan(0)
  expect(ours.families.get('pg_stat_user_tables_n_live_tup')).toBeGreaterThanOrEqual(20)
  expect(growthIn(results)).toBeUndefined()
  if (!peer) return
  expect(peer.executing).toBeGreaterThan(0)
  expect(peer.connections).toBeGreaterThan(0)
  expect(peer.memory?.busiest).toBeGreaterThan(0)
  expect(Math.abs(ours.series / peer.series - 1)).toBeLessThan(equalWithin)
})

test('a peer that is not there is said to be absent, and ours is measured alone', async () => {
  const absent = { absent: 'could not download the peers: no network' }
  const peers: Peers = { postgres: absent, redis: absent }
  const [result] = await bench({ data: ['redis-100k'], scrapes: 3, peers })
  if (!result) throw new Error('nothing was measured')
  expect(result.peer).toBe('redis_exporter absent')
  expectFigures(result)
  expect(result.tables[0]).toContain('The peer is absent: could not download the peers: no network')
})

test('a peer that was fetched says its version', async () => {
  for (const peer of Object.values(await ensurePeers())) {
    if ('path' in peer) expect(peer.version).toMatch(/^\d+\.\d+\.\d+$/)
    else expect(peer.absent).not.toBe('')
  }
})

test('the cost of a refresh is shared out among the scrapes, and the ratio is judged with it', () => {
  const refresh = { latency: 400, first: 500, busiest: 50, cpu: 0, executing: 0, scrapes: 20, pace: 300 }
  const table = tableOf({ ...pair(measured(10, 20), measured(10, 100)), refresh }, { ratios: { latency: 0.35 } })
  expect(table).toContain('| latency, median, ms | 40 | 100 | 0.4 | 0.35 | **missed** |')
  expect(table).toContain('| - without the refresh | 20 | 100 | 0.2 |')
  expect(table).toContain('| age of sizes, at most, s | 300 | 0 |')
  expect(table).toContain('400 ms beside the scrapes')
})

test('memory is judged by itself, growth by the smaller catalogue', () => {
  const [small, large] = [pair(measured(10, 10), measured(10, 10)), pair(measured(15, 15), measured(60, 60))]
  expect(tableOf(small, { resident: 150 })).toContain('| RSS, MiB | 100 | 100 | 1 | 150 MiB | kept |')
  expect(tableOf(small, { resident: 90 })).toContain('90 MiB | **missed** |')
  expect(growthOf(small, large)).toContain('| latency, median | 1.5 | 6 | 2 | kept |')
})

test.each([
  [[3, 1, 2], { median: 2, p95: 3, least: 1, most: 3 }],
  [Array.from({ length: 100 }, (_, at) => 100 - at), { median: 50, p95: 95, least: 1, most: 100 }],
  [[7], { median: 7, p95: 7, least: 7, most: 7 }],
])('%j is spread as nearest ranks say', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread)
})

test('series are counted by name, those of the exporter itself left out', () => {
  const answer = [
    Buffer.from('# TYPE pg_up gauge\npg_up 1\npg_locks_count{mode="a b"} 2\ngo_gor'),
    Buffer.from('outines 7\nprocess_open_fds 9\npg_locks_count{mode="x"} 3\n'),
  ]
  expect([...seriesOf(answer)]).toEqual([
    ['pg_up', 1],
    ['pg_locks_count', 2],
  ])
  expect(gauges(answer, 'pg_locks_count').reduce((sum, one) => sum + one, 0)).toBe(5)
  expect(gauges(answer, 'pg_locks')).toEqual([])
})

test.each([
  ['pg_up 0', 1],
  ['pg_up 1', 0],
  ['pg_scrape_collector_success{collector="tables"} 0', 1],
  ['pg_scrape_collector_success{collector="tables"} 1', 0],
  ['pg_exporter_last_scrape_error 1', 1],
  ['redis_exporter_last_scrape_error{err=""} 0', 0],
  ['pg_stat_user_tables_n_live_tup{relname="pg_up"} 0', 0],
])('%s tells of %i failures: who reads less would cost less', (line, failures) => {
  expect(failuresIn([Buffer.from(`# a comment\n${line}\n`)])).toHaveLength(failures)
})

test('processor time grows with work, and a process that has ended holds no memory', async () => {
  const before = cpuOf(process.pid)
  await eventually(
    () => {
      createHash('sha256').update(Buffer.alloc(1e6)).digest()
      return cpuOf(process.pid)
    },
    (now) => now > before,
    { every: 0 },
  )
  expect(memoryOf(process.pid, 'VmRSS')).toBeGreaterThan(10)
  expect(memoryOf(2 ** 30, 'VmRSS')).toBe(0)
})

test('the proxy counts the questions that waited for an answer', async () => {
  const echo = createServer((socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const address = echo.address()
  const proxy = await countingProxy(typeof address === 'object' && address ? address.port : 0)
  const client = connect(proxy.port, '127.0.0.1')
  let answered = ''
  client.on('data', (bytes) => {
    answered += bytes
  })
  for (const [place, word] of ['one', 'two', 'three'].entries()) {
    client.write(word)
    await eventually(
      () => answered,
      (text) => text.endsWith(word),
    )
    expect(proxy.trips()).toBe(place + 1)
  }
  expect(proxy.connections()).toBe(1)
  client.destroy()
  proxy.close()
  echo.close()
})
