import { expect, test } from 'vitest'
import { contestants } from '../bench/service/contestants.ts'
import { recordAll, renderAll } from '../bench/service/in-process.ts'
import type { Slice } from '../bench/service/load.ts'
import { type Raced, raceServices } from '../bench/service/pairs.ts'
import { promisesOf, racePart, recordPart, renderPart } from '../bench/service/report.ts'

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

test('every recorder counts each call, and both render all series', async () => {
  const recorded = await recordAll({ rounds: 3, calls: 1_000 })
  for (const { name, calls, counted } of recorded) expect(counted, name).toBe(calls)
  expect(recordPart(recorded).text).toMatch(new RegExp(`^\\| ours \\| ${number} \\|`, 'm'))
  const { machine, ours, promClient } = await renderAll({ runs: 1, lines: 10_000 })
  for (const { what, lines, block } of [...ours, ...promClient]) {
    expect(lines, what).toBeGreaterThanOrEqual(10_000)
    expect(block, what).toBeGreaterThan(0)
  }
  expect(renderPart({ machine, ours, promClient }).text).toMatch(/^\| prom-client \| counters, text \| 1 \|/m)
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
  const render = (block: number) => ({ what: 'x', block, milliseconds: 1, lines: 1, bytes: 1 })
  const rendered = renderPart({ machine: [], ours: [render(1), render(51), render(2)], promClient: [render(300)] })
  expect(rendered.promises.map(({ held }) => held)).toEqual([false])
})
