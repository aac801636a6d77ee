import { expect, test } from 'vitest'
import { distribution, type Found, isTable, readings } from '../../../exporters/reading.ts'
import { counter, gauge, histogram } from '../../../metrics/metric.ts'
import { samplesOf, textOf } from '../../readings.ts'

const labels = ['table', 'schema'] as const
const scans = counter({ name: 'scans_total', help: 'x', labels })
const size = gauge({ name: 'size_bytes', help: 'x', labels })
const users = gauge({ name: 'users', counts: 'users', help: 'x' })

type Rows = Exclude<Parameters<typeof readings>[0], Found>
const read = (found: Found | Rows) =>
  samplesOf(readings(found, { scans, bytes: size })).map(({ metric, labels, value }) => [metric.name, value, labels])

test.each<[what: string, rows: Rows, samples: readonly unknown[]]>([
  ['no row leaves no sample', [], []],
  [
    'each named column fills its metric, each label is the column of its name',
    [{ scans: 3, bytes: 8, table: 'a', schema: 'public', more: 1 }],
    [
      ['scans_total', 3, { table: 'a', schema: 'public' }],
      ['size_bytes', 8, { table: 'a', schema: 'public' }],
    ],
  ],
  [
    'a null is no reading',
    [{ scans: null, bytes: 8, table: 'a', schema: 's' }],
    [['size_bytes', 8, { table: 'a', schema: 's' }]],
  ],
  [
    'a zero is one',
    [{ scans: 0, bytes: null, table: 'a', schema: 's' }],
    [['scans_total', 0, { table: 'a', schema: 's' }]],
  ],
  [
    'a number that came as text is one',
    [{ scans: '12', bytes: null, table: 'a', schema: 's' }],
    [['scans_total', 12, { table: 'a', schema: 's' }]],
  ],
  [
    'a label that is null is empty, as Prometheus has it',
    [{ scans: 1, bytes: null, table: null, schema: 's' }],
    [['scans_total', 1, { table: '', schema: 's' }]],
  ],
  [
    'a label that is a number is its text',
    [{ scans: 1, bytes: null, table: 7, schema: 's' }],
    [['scans_total', 1, { table: '7', schema: 's' }]],
  ],
])('Of a table, %s', (_what, rows, samples) => {
  expect(read(rows)).toEqual(samples)
})

test('A metric without labels is filled from the one row there is', () => {
  const [sample, ...others] = samplesOf(readings([{ users: 4 }], { users }))
  expect(sample).toMatchObject({ metric: { name: 'users' }, value: 4, labels: {} })
  expect(others).toEqual([])
})

test('An answer in rows of cells is read by the names of its columns, in any order', () => {
  const found = { columns: ['schema', 'more', 'bytes', 'table', 'scans'], rows: [['s', 'x', '8', 'a', 3]] }
  expect(read(found)).toEqual([
    ['scans_total', 3, { table: 'a', schema: 's' }],
    ['size_bytes', 8, { table: 'a', schema: 's' }],
  ])
})

test('An answer goes out as it came: the rows are not copied, nor numbers made of their texts', () => {
  const found = { columns: ['scans', 'bytes', 'table', 'schema'], rows: [['1.50', '8', 'a', 's']] }
  const [table] = readings(found, { scans, bytes: size })
  expect(table?.rows).toBe(found.rows)
  expect(table && textOf([table])).toContain('scans_total{table="a",schema="s"} 1.50\n')
})

test.each([
  ['of a value', ['scans', 'table', 'schema'], 'bytes'],
  ['of a label', ['scans', 'bytes', 'table'], 'schema'],
])('A column %s that is not there is missed by its name', (_what, columns, name) => {
  const row = columns.map(() => '1')
  const message = `the answer has no column ${name}: it has ${columns.join(', ')}`
  expect(() => read({ columns, rows: [row] })).toThrow(message)
  // Nor would it be there in the answer with a row: but nobody looks at an empty one.
  expect(read({ columns, rows: [] })).toEqual([])
})

test('Tables are told from samples', () => {
  expect(isTable(users.sample(1))).toBe(false)
  expect(readings([{ users: 4 }], { users }).every(isTable)).toBe(true)
})

test('A histogram of the server has its buckets, one without a bound, its sum and its count', () => {
  const took = histogram({ name: 'took_seconds', help: 'x', labels: ['table'], peer: 'redis_exporter', buckets: [] })
  const buckets = [[0.001, 2] as const, [1, 5] as const]
  const samples = distribution(took, { table: 'a' }, { buckets, sum: 1.5, count: 6 })
  expect(samples.map(({ suffix, labels, value }) => [suffix, labels, value])).toEqual([
    ['_bucket', { table: 'a', le: '0.001' }, 2],
    ['_bucket', { table: 'a', le: '1' }, 5],
    ['_bucket', { table: 'a', le: '+Inf' }, 6],
    ['_sum', { table: 'a' }, 1.5],
    ['_count', { table: 'a' }, 6],
  ])
})
