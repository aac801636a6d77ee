import { expect, test } from 'vitest'
import { readings } from '../../../exporters/readings.ts'
import { counter, gauge } from '../../../metrics/metric.ts'

const labels = ['table', 'schema'] as const
const scans = counter({ name: 'scans_total', help: 'x', labels })
const size = gauge({ name: 'size_bytes', help: 'x', labels })
const users = gauge({ name: 'users', counts: 'users', help: 'x' })

type Rows = Parameters<typeof readings>[0]
const read = (...rows: Rows) =>
  readings(rows, { scans, bytes: size }).map(({ metric, labels, value }) => [metric.name, value, labels])

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
    'nor is a column that the server does not have',
    [{ bytes: 8, table: 'a', schema: 's' }],
    [['size_bytes', 8, { table: 'a', schema: 's' }]],
  ],
  ['a zero is one', [{ scans: 0, table: 'a', schema: 's' }], [['scans_total', 0, { table: 'a', schema: 's' }]]],
  [
    'a number that came as text is one',
    [{ scans: '12', table: 'a', schema: 's' }],
    [['scans_total', 12, { table: 'a', schema: 's' }]],
  ],
  [
    'a label that is null is empty, as Prometheus has it',
    [{ scans: 1, table: null, schema: 's' }],
    [['scans_total', 1, { table: '', schema: 's' }]],
  ],
  [
    'a label that is a number is its text',
    [{ scans: 1, table: 7, schema: 's' }],
    [['scans_total', 1, { table: '7', schema: 's' }]],
  ],
])('Of a table, %s', (_what, rows, samples) => {
  expect(read(...rows)).toEqual(samples)
})

test('A metric without labels is filled from the one row there is', () => {
  expect(readings([{ users: 4 }], { users })).toMatchObject([{ metric: { name: 'users' }, value: 4, labels: {} }])
})
