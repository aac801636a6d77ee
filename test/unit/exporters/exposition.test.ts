import { describe, expect, test } from 'vitest'
import {
  expose,
  processRegistry,
  registerCounter,
  registerGauge,
  registerHistogram,
} from '../../../exporters/exposition.ts'
import { readings } from '../../../exporters/readings.ts'
import { counter, gauge, histogram } from '../../../metrics/metric.ts'

const openMetrics = 'application/openmetrics-text'
const hits = counter({ name: 'hits_total', help: 'Hits', labels: ['route'] })
const errors = counter({ name: 'redis_total_error_replies', peer: 'redis_exporter', help: 'Errors' })
const size = gauge({ name: 'size_bytes', help: 'Size' })
const named = gauge({ name: 'named_info', help: 'Name', labels: ['name'] })
const linesOf = (...[samples, accept]: Parameters<typeof expose>) => expose(samples, accept).body.split('\n')
const valueLines = (...given: Parameters<typeof expose>) => linesOf(...given).filter((line) => /^[^#]/.test(line))

describe('In both formats', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['say "hi"', 'say \\"hi\\"'],
    ['C:\\new', 'C:\\\\new'],
    ['two\nlines', 'two\\nlines'],
    ['\\n', '\\\\n'],
    ['{a="b"} 1', '{a=\\"b\\"} 1'],
    ['tab\there, é, 日本', 'tab\there, é, 日本'],
  ])('the label value %j is written %s', (value, written) => {
    for (const accept of ['', openMetrics]) {
      expect(valueLines([named.sample(1, { name: value })], accept)).toEqual([`named_info{name="${written}"} 1`])
    }
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [-1.5, '-1.5'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [9_007_199_254_740_991, '9007199254740991'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('the value %d is written %s', (value, written) => {
    for (const accept of ['', openMetrics])
      expect(valueLines([size.sample(value)], accept)).toEqual([`size_bytes ${written}`])
  })

  test('labels stand in the order they were given', () => {
    const metric = gauge({ name: 'a_bytes', help: 'x', labels: ['b', 'a'] })
    expect(valueLines([metric.sample(1, { b: '2', a: '1' })])).toEqual(['a_bytes{b="2",a="1"} 1'])
  })

  test('samples of one metric stand together, however they come', () => {
    const samples = [hits.sample(1, { route: '/a' }), size.sample(2), hits.sample(3, { route: '/b' })]
    expect(linesOf(samples)).toEqual([
      '# HELP hits_total Hits',
      '# TYPE hits_total counter',
      'hits_total{route="/a"} 1',
      'hits_total{route="/b"} 3',
      '# HELP size_bytes Size',
      '# TYPE size_bytes gauge',
      'size_bytes 2',
      '',
    ])
  })

  test('a metric has one head, whether its samples were read from a table or made one by one', () => {
    const samples = [hits.sample(1, { route: '/a' }), ...readings([{ count: 2, route: '/b' }], { count: hits })]
    expect(linesOf(samples).filter((line) => line.startsWith('# TYPE'))).toEqual(['# TYPE hits_total counter'])
  })
})

test('The text format ends every line, escapes no quote in a help text, and names its version', () => {
  const odd = gauge({ name: 'odd_bytes', help: 'A "quoted" \\ text\nin two lines' })
  expect(expose([odd.sample(1)])).toEqual({
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: '# HELP odd_bytes A "quoted" \\\\ text\\nin two lines\n# TYPE odd_bytes gauge\nodd_bytes 1\n',
  })
})

test('OpenMetrics escapes quotes in a help text too, ends in # EOF and names its version', () => {
  const odd = gauge({ name: 'odd_bytes', help: 'A "quoted" \\ text\nin two lines' })
  expect(expose([odd.sample(1)], openMetrics)).toEqual({
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    body: '# TYPE odd_bytes gauge\n# HELP odd_bytes A \\"quoted\\" \\\\ text\\nin two lines\nodd_bytes 1\n# EOF\n',
  })
})

test('OpenMetrics names the family of a counter without _total, and gives a counter named otherwise no type', () => {
  expect(linesOf([hits.sample(1, { route: '/' }), errors.sample(2)], openMetrics)).toEqual([
    '# TYPE hits counter',
    '# HELP hits Hits',
    'hits_total{route="/"} 1',
    '# TYPE redis_total_error_replies unknown',
    '# HELP redis_total_error_replies Errors',
    'redis_total_error_replies 2',
    '# EOF',
    '',
  ])
  expect(linesOf([errors.sample(2)])).toContain('# TYPE redis_total_error_replies counter')
})

test('Where there is no sample, the text format is empty and OpenMetrics only ends', () => {
  expect(expose([]).body).toBe('')
  expect(expose([], openMetrics).body).toBe('# EOF\n')
})

const om = 'application/openmetrics-text;version='
const askers: readonly (readonly [who: string, accept: string | undefined, format: 'text' | 'OpenMetrics'])[] = [
  ['Prometheus 2.42', `${om}1.0.0,${om}0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`, 'OpenMetrics'],
  [
    'Prometheus 3',
    `${om}1.0.0;escaping=allow-utf-8;q=0.6,${om}0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,` +
      'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'OpenMetrics',
  ],
  [
    'Prometheus 3 that takes native histograms',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
      `${om}1.0.0;escaping=allow-utf-8;q=0.5,${om}0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    'OpenMetrics',
  ],
  [
    'Prometheus told to ask for the text format first',
    `text/plain;version=0.0.4;q=0.6,${om}1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.2`,
    'text',
  ],
  ['Prometheus told to ask for the text format only', 'text/plain;version=0.0.4;q=0.6,*/*;q=0.5', 'text'],
  ['curl', '*/*', 'text'],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['nobody in particular', undefined, 'text'],
  ['who says nothing', '', 'text'],
  [
    'who names OpenMetrics alone, in capitals and with spaces',
    'Application/OpenMetrics-Text ; Version=1.0.0',
    'OpenMetrics',
  ],
  ['who refuses OpenMetrics', 'application/openmetrics-text;q=0, */*', 'text'],
  ['who wants an OpenMetrics yet to come', `${om}2.0.0`, 'text'],
  ['who weighs in words', 'application/openmetrics-text;q=high', 'text'],
]

test.each(askers)('%s, asking for %s, gets the format %s', (_who, accept, format) => {
  const { contentType, body } = expose([size.sample(1)], accept)
  expect(contentType.startsWith(format === 'text' ? 'text/plain' : openMetrics)).toBe(true)
  expect(body.endsWith('# EOF\n')).toBe(format === 'OpenMetrics')
})

test('What a process counts itself goes to the registry it is given, and to no other', async () => {
  const [registry, other] = [processRegistry(), processRegistry()]
  registerCounter(hits, registry).inc({ route: '/' }, 2)
  registerGauge(size, registry).set(3)
  const took = histogram({ name: 'took_seconds', help: 'x', labels: ['route'], buckets: [0.1, 1] })
  registerHistogram(took, registry).observe({ route: '/' }, 0.5)
  const text = await registry.metrics()
  expect(text).toContain('hits_total{route="/"} 2')
  expect(text).toContain('size_bytes 3')
  expect(text).toContain('took_seconds_bucket{le="0.1",route="/"} 0')
  expect(text).toContain('took_seconds_bucket{le="1",route="/"} 1')
  expect(text).toContain('process_cpu_seconds_total')
  expect(await other.metrics()).not.toContain('hits_total')
})
