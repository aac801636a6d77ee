import { describe, expect, test } from 'vitest'
import { formatFor, printed } from '../../../exporters/exposition.ts'
import { distribution, type Reading, readings } from '../../../exporters/reading.ts'
import { counter, gauge, histogram, summary, untyped } from '../../../metrics/metric.ts'
import { textOf } from '../../readings.ts'

const hits = counter({ name: 'hits_total', help: 'Hits', labels: ['route'] })
const errors = counter({ name: 'redis_total_error_replies', peer: 'redis_exporter', help: 'Errors' })
const missed = counter({ name: 'missed_total', help: 'Misses', labels: ['route'] })
const size = gauge({ name: 'size_bytes', help: 'Size' })
const named = gauge({ name: 'named_info', help: 'Name', labels: ['name'] })
const linesOf = (given: readonly Reading[], open = false) => textOf(given, open).split('\n')
const valueLines = (given: readonly Reading[], open = false) =>
  linesOf(given, open).filter((line) => /^[^#]/.test(line))
/** The same series, read one by one and from a table: it goes out alike. */
const namedBoth = (value: string) => [
  [named.sample(1, { name: value })],
  readings([{ v: 1, name: value }], { v: named }),
]

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
    for (const given of namedBoth(value)) {
      for (const open of [false, true]) expect(valueLines(given, open)).toEqual([`named_info{name="${written}"} 1`])
    }
  })

  test.each([
    [0, '0'],
    [-0, '-0'],
    [0.1, '0.1'],
    [-1.5, '-1.5'],
    [1e21, '1e+21'],
    [1e-7, '1e-7'],
    [9_007_199_254_740_991, '9007199254740991'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [Number.MIN_VALUE, '5e-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('the value %d is written %s', (value, written) => {
    for (const given of [[size.sample(value)], readings([{ value }], { value: size })]) {
      for (const open of [false, true]) expect(valueLines(given, open)).toEqual([`size_bytes ${written}`])
    }
  })

  test.each([
    ['12', '12'],
    ['-0', '-0'],
    ['9223372036854775807', '9223372036854775807'],
    ['12.3400', '12.3400'],
    ['1e-05', '0.00001'],
    ['1e+20', '100000000000000000000'],
    ['NaN', 'NaN'],
    ['Infinity', '+Inf'],
    ['-Infinity', '-Inf'],
    [`1${'0'.repeat(400)}`, '+Inf'],
    ['-1e+400', '-Inf'],
    ['1e-400', '0'],
  ])('the text %s of PostgreSQL is written %s', (value, written) => {
    for (const open of [false, true]) {
      expect(valueLines(readings([{ value }], { value: size }), open)).toEqual([`size_bytes ${written}`])
    }
  })

  test.each([
    '',
    ' ',
    't',
    'none',
    '0x10',
    '1_000',
    '1 2',
    '1\n2',
    '+Inf',
    'inf',
    'constructor',
    '-',
    '.',
    'e5',
    '1,5',
  ])('the text %j, no number, leaves no series and spoils none', (value) => {
    const table = readings([{ value }, { value: '7' }], { value: size })
    expect(valueLines(table)).toEqual(['size_bytes 7'])
  })

  test('a null leaves no series, and neither the labels nor the other values of its row move', () => {
    const table = readings(
      [
        { a: null, b: 1, route: '/a' },
        { a: 2, b: null, route: '/b' },
        { a: 3, b: 4, route: null },
      ],
      { a: hits, b: missed },
    )
    const lines = [
      'hits_total{route="/b"} 2',
      'hits_total{route=""} 3',
      'missed_total{route="/a"} 1',
      'missed_total{route=""} 4',
    ]
    for (const open of [false, true]) expect(valueLines(table, open)).toEqual(lines)
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

  test('as they do when they come from two collectors and from tables between others', () => {
    const rows = [{ a: 2, b: 5, route: '/b' }]
    const given = [
      hits.sample(1, { route: '/a' }),
      ...readings(rows, { b: missed, a: hits }),
      size.sample(2),
      ...readings([{ a: 3, route: '/c' }], { a: hits }),
    ]
    const names = [...['hits_total', 'hits_total', 'hits_total'], 'missed_total', 'size_bytes']
    for (const open of [false, true]) {
      expect(valueLines(given, open).map((line) => /^\w+/.exec(line)?.[0])).toEqual(names)
      expect(linesOf(given, open).filter((line) => line.startsWith('# TYPE'))).toHaveLength(3)
    }
  })

  test('a histogram and a summary are several series under one head', () => {
    const took = histogram({ name: 'took_seconds', help: 'x', labels: ['route'], peer: 'redis_exporter', buckets: [] })
    const pause = summary({ name: 'pause_seconds', help: 'x', peer: 'redis_exporter' })
    const buckets = [[0.1, 1] as const, [2, 3] as const]
    const given = [
      ...distribution(took, { route: '/' }, { buckets, sum: 4.5, count: 6 }),
      { metric: pause, labels: { quantile: '0.5' }, value: 7 },
      { metric: pause, labels: {}, value: 8, suffix: '_sum' as const },
    ]
    expect(linesOf(given).filter((line) => !line.startsWith('# HELP'))).toEqual([
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{route="/",le="0.1"} 1',
      'took_seconds_bucket{route="/",le="2"} 3',
      'took_seconds_bucket{route="/",le="+Inf"} 6',
      'took_seconds_sum{route="/"} 4.5',
      'took_seconds_count{route="/"} 6',
      '# TYPE pause_seconds summary',
      'pause_seconds{quantile="0.5"} 7',
      'pause_seconds_sum 8',
      '',
    ])
  })
})

describe('A label goes out whole up to 1,000 characters', () => {
  const shown = (text: string) => /^named_info\{name="(.*)"\} 1$/.exec(text)?.[1] ?? ''
  const sent = (value: string) => namedBoth(value).map((given) => shown(valueLines(given)[0] ?? ''))

  test('and not a character more', () => {
    expect(sent('x'.repeat(1000))).toEqual(['x'.repeat(1000), 'x'.repeat(1000)])
    const [long, same] = sent('x'.repeat(1001))
    expect(long).toMatch(/^x{983}…[0-9a-f]{16}$/)
    expect(same).toBe(long)
  })

  test('so that two which differ only after the cut stay two, and one stays the same', () => {
    const shared = 'x'.repeat(5000)
    expect(sent(`${shared}a`)[0]).not.toBe(sent(`${shared}b`)[0])
    expect(sent(`${shared}a`)[0]).toBe(sent(`${shared}a`)[0])
  })

  test('and a character of two halves is never cut between them', () => {
    const [odd] = sent(`x${'😀'.repeat(1000)}`)
    const [even] = sent('😀'.repeat(1000))
    for (const text of [odd, even]) expect(Buffer.from(text ?? '').toString()).toBe(text)
    expect(odd).toMatch(/^x(😀){491}…/u)
    expect(even).toMatch(/^(😀){491}…/u)
  })
})

describe('However much there is to print, it is printed a bit at a time', () => {
  const long = `${'x'.repeat(200)}"`
  const count = 30_000
  const rows = Array.from({ length: count }, (_, i) => ({ v: i, name: `${i}${long}` }))
  /** A line beyond the 65,536 characters that complete a chunk. */
  const most = 65_536 + 300

  test.each([
    ['a table', readings(rows, { v: named })],
    ['samples', rows.map(({ v, name }) => named.sample(v, { name }))],
  ])('%s', (_what, given) => {
    const chunks = [...printed(given, { open: false })]
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(most)
    expect(chunks.join('').split('\n')).toHaveLength(count + 3)
    expect(chunks.filter((chunk) => chunk !== '').every((chunk) => chunk.endsWith('\n'))).toBe(true)
  })

  test('and samples are put in order a bit at a time as well', () => {
    const given = Array.from({ length: 50_000 }, (_, i) => size.sample(i))
    const chunks = printed(given, { open: false })
    expect([...chunks].filter((chunk) => chunk === '')).toHaveLength(5)
  })

  test('nothing before the first chunk is asked for', () => {
    let read = 0
    const row = Object.defineProperty([], 0, { get: () => read++ })
    const chunks = printed([{ labels: [], metrics: [[size, 0]], rows: [row] }], { open: false })
    expect(read).toBe(0)
    chunks.next()
    expect(read).toBe(1)
  })
})

test('The text format ends every line, escapes no quote in a help text, and names its version', () => {
  const odd = gauge({ name: 'odd_bytes', help: 'A "quoted" \\ text\nin two lines' })
  expect(formatFor('')).toEqual({ contentType: 'text/plain; version=0.0.4; charset=utf-8', open: false })
  expect(textOf([odd.sample(1)])).toBe(
    '# HELP odd_bytes A "quoted" \\\\ text\\nin two lines\n# TYPE odd_bytes gauge\nodd_bytes 1\n',
  )
})

test('OpenMetrics escapes quotes in a help text too, ends in # EOF and names its version', () => {
  const odd = gauge({ name: 'odd_bytes', help: 'A "quoted" \\ text\nin two lines' })
  const contentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  expect(formatFor('application/openmetrics-text')).toEqual({ contentType, open: true })
  expect(textOf([odd.sample(1)], true)).toBe(
    '# TYPE odd_bytes gauge\n# HELP odd_bytes A \\"quoted\\" \\\\ text\\nin two lines\nodd_bytes 1\n# EOF\n',
  )
})

test('OpenMetrics names the family of a counter without _total, and gives a counter named otherwise no type', () => {
  const setting = untyped({ name: 'pg_settings_x', help: 'Setting', peer: 'postgres_exporter' })
  expect(linesOf([hits.sample(1, { route: '/' }), errors.sample(2), setting.sample(3)], true)).toEqual([
    '# TYPE hits counter',
    '# HELP hits Hits',
    'hits_total{route="/"} 1',
    '# TYPE redis_total_error_replies unknown',
    '# HELP redis_total_error_replies Errors',
    'redis_total_error_replies 2',
    '# TYPE pg_settings_x unknown',
    '# HELP pg_settings_x Setting',
    'pg_settings_x 3',
    '# EOF',
    '',
  ])
  expect(linesOf([errors.sample(2)])).toContain('# TYPE redis_total_error_replies counter')
  expect(linesOf([setting.sample(3)])).toContain('# TYPE pg_settings_x untyped')
})

test('Where there is no sample, the text format is empty and OpenMetrics only ends', () => {
  expect(textOf([])).toBe('')
  expect(textOf([], true)).toBe('# EOF\n')
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
  const { contentType, open } = formatFor(accept)
  expect(open).toBe(format === 'OpenMetrics')
  expect(contentType.startsWith(open ? 'application/openmetrics-text' : 'text/plain')).toBe(true)
})
