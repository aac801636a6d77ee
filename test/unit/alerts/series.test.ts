import { describe, expect, test } from 'vitest'
import { statementCalls } from '../../../exporters/postgres/statements.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { httpRequestDuration } from '../../../exporters/service/http/metrics.ts'
import { up } from '../../../metrics/foreign.ts'
import { observed, rising, series } from '../../promtool/series.ts'

const statement = { user: 'techplus', datname: 'techplus', queryid: '1' }

describe('a series of a rule test', () => {
  test('has the labels of its metric, and job and instance of its target', () => {
    expect(series(statementCalls, 'postgres', '0+1x5', statement)).toEqual({
      series:
        'pg_stat_statements_calls_total{user="techplus",datname="techplus",queryid="1",job="postgres",instance="main"}',
      values: '0+1x5',
    })
    expect(series(up, 'node', '0x5').series).toBe('up{job="node",instance="node"}')
  })

  test('lacks no label', () => {
    const { queryid: _, ...less } = statement
    // @ts-expect-error it does not compile either
    expect(() => series(statementCalls, 'postgres', '0', less)).toThrow('has the labels (datname, queryid, user)')
  })

  test('has no label that is not exported', () => {
    // @ts-expect-error it does not compile either
    expect(() => series(statementCalls, 'postgres', '0', { ...statement, host: 'a' })).toThrow('user), not (')
    // @ts-expect-error it does not compile either
    expect(() => series(redisVitals.up, 'redis', '0', { role: 'master' })).toThrow('has the labels (), not (role)')
  })

  test('comes from a target that serves it', () => {
    expect(() => series(redisVitals.up, 'postgres', '0')).toThrow('no target of the job postgres serves redis_up')
  })
})

describe('a rise of a rule test', () => {
  test.each([
    [[[5, 3]], '0+5x3'],
    [
      [
        [5, 3],
        [0, 2],
        [1, 2],
      ],
      '0+5x3 15+0x1 16+1x1',
    ],
    [[], ''],
  ] as const)('of %j is %s', (phases, values) => {
    expect(rising(phases)).toBe(values)
  })

  test('of a histogram fills the buckets from what it took', () => {
    const labels = { method: 'GET', route: '/', status_code: '200' }
    const found = observed(httpRequestDuration, 'api', { seconds: 0.5, phases: [[2, 3]] }, labels)
    const of = (part: string) => found.find((one) => one.series.includes(part))?.values
    expect(of('le="0.25"')).toBe('0+0x3')
    expect(of('le="0.5"')).toBe('0+2x3')
    expect(of('le="+Inf"')).toBe('0+2x3')
    expect(of('_count')).toBe('0+2x3')
    expect(of('_sum')).toBe('0+1x3')
    expect(found).toHaveLength(httpRequestDuration.buckets.length + 3)
  })
})
