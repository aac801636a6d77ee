import { expect, test } from 'vitest'
import { settingValue } from '../../../exporters/postgres/settings.ts'

test.each<[setting: string, unit: string | null, vartype: string, name: string, value: number]>([
  ['on', null, 'bool', 'it', 1],
  ['off', null, 'bool', 'it', 0],
  ['0.9', null, 'real', 'it', 0.9],
  ['0640', null, 'integer', 'it', 640],
  ['4096', 'kB', 'integer', 'it_bytes', 4_194_304],
  ['16384', '8kB', 'integer', 'it_bytes', 134_217_728],
  ['5', '16MB', 'integer', 'it_bytes', 83_886_080],
  ['1073741824', 'B', 'integer', 'it_bytes', 1_073_741_824],
  ['2', 'GB', 'integer', 'it_bytes', 2_147_483_648],
  ['1', 'TB', 'integer', 'it_bytes', 1_099_511_627_776],
  ['700', 'ms', 'integer', 'it_seconds', 0.7],
  ['2.3', 'ms', 'real', 'it_seconds', 0.0023],
  ['30', 's', 'integer', 'it_seconds', 30],
  ['5', 'min', 'integer', 'it_seconds', 300],
  ['2', 'h', 'integer', 'it_seconds', 7200],
  ['3', 'd', 'integer', 'it_seconds', 259_200],
  ['-1', 'kB', 'integer', 'it_bytes', -1],
  ['-1', 'ms', 'integer', 'it_seconds', -1],
  ['7', 'parsecs', 'integer', 'it', 7],
  ['much', 'kB', 'integer', 'it_bytes', Number.NaN],
  ['', null, 'integer', 'it', Number.NaN],
])('%s in %s, a %s, is %s = %d', (setting, unit, vartype, name, value) => {
  expect(settingValue({ name: 'it', setting, unit, vartype })).toMatchObject({ name, value })
})

test.each([
  ['pg_stat_statements.max', 'pg_stat_statements_max'],
  ['google-dataplex.max', 'google_dataplex_max'],
])('the setting %s of an extension is told as %s', (name, told) => {
  expect(settingValue({ name, setting: '1', unit: null, vartype: 'integer' }).name).toBe(told)
})

test('whole numbers of minutes are whole numbers of seconds', () => {
  const minutes = Array.from({ length: 60 }, (_, n) => n + 1)
  const told = minutes.map(
    (n) => settingValue({ name: 'it', setting: String(n), unit: 'min', vartype: 'integer' }).value,
  )
  expect(told).toEqual(minutes.map((n) => 60 * n))
})
