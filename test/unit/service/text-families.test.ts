import { describe, expect, test } from 'vitest'
import { registrySource } from '../../../exporters/service/instruments/registered.ts'
import { familiesInText } from '../../../exporters/service/instruments/text-families.ts'
import { filledRegistry } from '../../filled-registry.ts'

const told = async (open: boolean) =>
  (await registrySource(filledRegistry(open))()).map(({ metric, lines }) => ({ metric, lines: [...lines(open)] }))

describe('a registry of prom-client', () => {
  test('is told alike in both formats, whatever stands in its labels', async () => {
    const [text, open] = [await told(false), await told(true)]
    const bare = open.map(({ metric, lines }) => ({
      metric,
      lines: lines.map(([series, value]) => [series, value, undefined]),
    }))
    expect(bare).toEqual(text)
    expect(text.map(({ metric: { name, type } }) => [name, type])).toEqual([
      ['orders_total', 'counter'],
      ['none_total', 'counter'],
      ['wait_seconds', 'histogram'],
      ['guests_created', 'gauge'],
    ])
    expect(text[0]?.metric.help).toBe('Orders\n\\n "x"')
    expect(text[0]?.lines).toEqual([
      ['orders_total{room="the \\"blue # {one=\\"1\\"} 2 3 }\\\\n\\n{"}', 3, undefined],
      ['orders_total{room=""}', 1, undefined],
    ])
    expect(text[3]?.lines.map(([, value]) => value)).toEqual([Number.NaN, Infinity, -Infinity, 1e21, -2.5])
  })

  test('keeps its exemplars, each behind its value', async () => {
    const [, , waits] = await told(true)
    expect(waits?.lines.map(([, value, exemplar]) => [value, exemplar?.replace(/[\d.]+$/, 'TIME')])).toEqual([
      [0, undefined],
      [1, '{trace_id="a1",note="the \\"blue # {one=\\"1\\"} 2 3 }\\\\n\\n{"} 0.75 TIME'],
      [1, undefined],
      [0.75, undefined],
      [1, undefined],
    ])
  })
})

describe('of what others print', () => {
  const lines = (text: string) => familiesInText(text).map(({ metric, read }) => [metric.name, metric.type, read])

  test('timestamps, units and the times at which series began are left out', () => {
    const text = `# TYPE orders counter
# UNIT orders orders
# HELP orders Orders
orders_total{a="b"} 2 1795000000.5 # {trace_id="x"} 1 1795000000.125
orders_created{a="b"} 1795000000.5
# TYPE wait_seconds summary
wait_seconds{quantile="0.5"}  1e-3   1795000000000
wait_seconds_created 1795000000
# TYPE build info
build_info 1
# EOF
`
    expect(lines(text)).toEqual([
      ['orders_total', 'counter', [['orders_total{a="b"}', 2, '{trace_id="x"} 1 1795000000.125']]],
      ['wait_seconds', 'summary', [['wait_seconds{quantile="0.5"}', 0.001, undefined]]],
      ['build', 'untyped', [['build_info', 1, undefined]]],
    ])
  })

  test('a counter keeps a name that does not end in _total, where its series have it', () => {
    expect(lines('# TYPE hits counter\nhits 1\n')).toEqual([['hits', 'counter', [['hits', 1, undefined]]]])
  })

  test('a line that is no series is a fault that names its metric', () => {
    for (const line of ['hits{a="b} 1', 'hits', 'hits 1 2 3', 'hits{a="b"} 1 # x']) {
      expect(() => familiesInText(`# TYPE hits counter\n${line}\n`)).toThrow('hits: a line of it is no series')
    }
  })
})
