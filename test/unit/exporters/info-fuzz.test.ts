import { describe, expect, test } from 'vitest'
import { gauge } from '../../../metrics/metric.ts'
import { survive, wireFaults } from '../../prove/info.ts'

// The same with 100,000 answers: npm run prove -- info
describe('Whatever an answer to INFO has become on its way, it is read without a slip, and Prometheus can read what comes of it', () => {
  test.each([1, 2, 3, 4])('500 mutated answers, seed %d', async (seed) => {
    const { faults, series, told } = await survive(500, seed)
    expect(faults.slice(0, 5)).toEqual([])
    // Mutated, and not spoilt: most of each is still read. Commands that are refused are told of.
    expect(series).toBeGreaterThan(500 * 50)
    expect(told).toBeGreaterThan(500)
  })
})

test('A line that Prometheus could not read, and a series that is there twice, would be found', () => {
  const odd = gauge({ name: 'odd_bytes', help: 'x', labels: ['a'] })
  const sample = odd.sample(1, { a: 'x"\\\n' })
  expect(wireFaults([sample])).toEqual([])
  expect(wireFaults([sample, sample])).toEqual(['twice: odd_bytes{a="x\\"\\\\\\n"}'])
  const broken = { ...sample, metric: { ...sample.metric, name: 'odd bytes' } }
  expect(wireFaults([broken])).toEqual(['no line of the text format: odd bytes{a="x\\"\\\\\\n"} 1'])
})
