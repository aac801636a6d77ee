import { expect, test } from 'vitest'
import { contestants } from '../bench/service/contestants.ts'
import { recordAll } from '../bench/service/in-process.ts'
import type { Slice } from '../bench/service/load.ts'
import { type Raced, raceServices } from '../bench/service/pairs.ts'
import { renderAll } from '../bench/service/render.ts'
import { promisesOf, racePart, recordPart, renderPart, verdictOf } from '../bench/service/report.ts'

const number = String.raw`-?\d[\d.]*`
const short = { pairs: 1, seconds: 0.15, warmUp: 0.05 }

test.each(['fastify', 'express'] as const)(
  'every contestant for %s is measured, and counted each request',
  async (framework) => {
    const raced = await raceServices(framework, short)
    const names = contestants[framework].map(({ name }) => name)
    expect(['bare', ...raced.map(({ name }) => name)]).toEqual(names)
    const { text } = racePart(framework, raced)
    for (const { name, sent, counted, pairs } of raced) {
      expect(sent, name).toBeGreaterThan(100)
      expect(counted, name).toBeGreaterThanOrEqual(sent)
      expect(pairs, name).toHaveLength(1)
      expect(text).toMatch(
        new RegExp(`^\\| ${name} \\| 1 \\| ${number} \\| ${number} .. ${number} \\| ${number} \\|`, 'm'),
      )
    }
  },
)

test('who counts nothing is not measured', async () => {
  const [bare, ...others] = contestants.fastify
  const metrics = others.find(({ name }) => name === 'fastify-metrics')
  if (!bare || !metrics) throw new Error('there is no contestant to change')
  const fake = { ...metrics, options: { routeMetrics: { enabled: false } } }
  await expect(raceServices('fastify', { ...short, entered: [bare, fake] })).rejects.toThrow(
    /^fastify-metrics has not counted the \d+ requests that it answered$/,
  )
})

test('every recorder counts each call', async () => {
  const recorded = await recordAll({ rounds: 3, calls: 1_000 })
  for (const { name, calls, counted } of recorded) expect(counted, name).toBe(calls)
  expect(recordPart(recorded).text).toMatch(new RegExp(`^\\| ours \\| ${number} \\|`, 'm'))
})

test('both are scraped over HTTP for all series, cold and warm, and what that holds up is seen', async () => {
  const found = await renderAll({ processes: 1, warm: 1, lines: 20_000, shapes: ['counters'] })
  const { ours, promClient } = found
  expect(ours.map(({ what, cold }) => `${what}${cold ? ', cold' : ''}`)).toEqual([
    'counters, text, cold',
    'counters, text',
    'counters, text with gzip',
    'counters, OpenMetrics',
    'counters, OpenMetrics with gzip',
  ])
  expect(promClient.map(({ cold }) => cold)).toEqual([true, false])
  for (const { what, lines, block } of [...ours, ...promClient]) {
    expect(lines, what).toBeGreaterThanOrEqual(20_000)
    expect(block, what).toBeGreaterThan(0)
  }
  expect(renderPart(found).text).toMatch(/^\| prom-client \| counters, text, cold \| 1 \|/m)
})

const slice = (requests: number): Slice => ({
  requests,
  sent: requests,
  milliseconds: 1_000,
  cpu: 1_000,
  clientCpu: 400,
})
const raced = (name: string, requests: number): Raced => ({
  name,
  pairs: [{ bare: slice(10_000), other: slice(requests) }],
  resident: [80],
  bareResident: [70],
  sent: requests,
  counted: requests,
})

test.each([
  [9_000, 8_700, 'held'],
  [9_000, 8_690, '**missed**'],
  [9_000, 9_900, 'held'],
])('with the limit at %i and ours at %i of 10,000 the promise is %s', (limit, ours, verdict) => {
  const part = racePart('x', [raced('limit', limit), raced('ours', ours)])
  expect(promisesOf([part])).toMatch(new RegExp(`\\| ${verdict.replaceAll('*', '\\*')} \\|$`))
  expect(part.text).toContain(`| ours | 1 | ${(ours / 10_000).toFixed(3)} |`)
})

test('what is recorded or rendered too slowly is missed', () => {
  const recording = (name: string, nanoseconds: number) => ({ name, nanoseconds: [nanoseconds], calls: 1, counted: 1 })
  const slow = recordPart([recording('ours', 1_001), recording('prom-client by hand', 2_001)])
  expect(slow.promises.map(({ held }) => held)).toEqual([false, false])
  const quick = recordPart([recording('ours', 1_000), recording('prom-client by hand', 2_000)])
  expect(quick.promises.map(({ held }) => held)).toEqual([true, true])
})

const render = (block: number, cold = false) => ({ what: 'x', cold, block, milliseconds: 1, lines: 1, bytes: 1 })
const rendered = (ours: readonly ReturnType<typeof render>[]) =>
  renderPart({ machine: [], ours, promClient: [render(300)] })

test('one scrape that holds up too much is a promise that is missed, and the last line says so', () => {
  const kept = rendered([render(50, true), render(2)])
  const missed = rendered([render(51, true), render(2)])
  expect(verdictOf([kept])).toBe('promises: 1 held, 0 missed')
  expect(verdictOf([kept, missed])).toMatch(/^promises: 1 held, 1 missed: A scrape .* \(cold 51\.0 ms, warm 2\.0 ms, /)
  expect(rendered([render(50, true), render(51)]).promises.map(({ held }) => held)).toEqual([false])
})
