import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { Database, Postgres } from '../../../exporters/postgres/source.ts'
import { surveyAge, surveyOf, surveySuccess } from '../../../exporters/postgres/survey.ts'
import { samplesOf } from '../../readings.ts'

const shop: Database = {
  name: 'shop',
  rows: async () => [],
  table: async () => ({ columns: [], rows: [] }),
}
/** A scrape of a server that takes every connection, or none. */
const scrapeOf = ({ budget = 1_000, refused }: { readonly budget?: number; readonly refused?: Error } = {}) => {
  const failed = vi.fn()
  let connections = 0
  const postgres: Postgres = {
    ...shop,
    version: 170_000,
    budget,
    databases: ['shop'],
    failed,
    lacks: () => undefined,
    each: (read) => read(shop),
    apart: async (_database, work) => {
      if (refused) throw refused
      connections += 1
      return work(shop)
    },
  }
  return { postgres, failed, connections: () => connections }
}
const settle = async () => {
  for (let n = 0; n < 5; n += 1) await turn()
}

describe('a survey', () => {
  test('is waited for by the first who asks, and answers the next from what was found', async () => {
    const ask = vi.fn(async () => 'found')
    const sizes = surveyOf({ every: 60_000 }).asks('sizes', ask)
    const { postgres } = scrapeOf()
    expect(await sizes(postgres, shop)).toBe('found')
    expect(await sizes(postgres, shop)).toBe('found')
    expect(ask).toHaveBeenCalledTimes(1)
  })

  test('is found anew behind the back of those who ask when it is due', async () => {
    const answers = ['first', 'second']
    const sizes = surveyOf({ every: 0, share: 1_000_000 }).asks('sizes', async () => answers.shift())
    const { postgres } = scrapeOf()
    expect(await sizes(postgres, shop)).toBe('first')
    expect(await sizes(postgres, shop)).toBe('first')
    await settle()
    expect(await sizes(postgres, shop)).toBe('second')
  })

  test('that takes long is asked for less often: it may take a part of the time and no more', async () => {
    const now = vi.spyOn(performance, 'now')
    const ask = vi.fn(async () => {
      now.mockReturnValue(1_000)
    })
    now.mockReturnValue(0)
    const sizes = surveyOf({ every: 100_000, share: 1 / 500 }).asks('sizes', ask)
    const { postgres } = scrapeOf()
    await sizes(postgres, shop)
    for (const [moment, calls] of [
      [499_000, 1],
      [500_000, 2],
    ] as const) {
      now.mockReturnValue(moment)
      await sizes(postgres, shop)
      await settle()
      expect(ask).toHaveBeenCalledTimes(calls)
    }
    now.mockRestore()
  })

  test('that took very long once is asked for again within six times its pace all the same', async () => {
    const now = vi.spyOn(performance, 'now')
    const ask = vi.fn(async () => {
      now.mockReturnValue(60_000)
    })
    now.mockReturnValue(0)
    const sizes = surveyOf({ every: 10_000 }).asks('sizes', ask)
    const { postgres } = scrapeOf()
    await sizes(postgres, shop)
    now.mockReturnValue(60_001)
    await sizes(postgres, shop)
    await settle()
    expect(ask).toHaveBeenCalledTimes(2)
    now.mockRestore()
  })

  test('of a database that is gone is told of no more', async () => {
    const survey = surveyOf({ every: 60_000 })
    const sizes = survey.asks('sizes', async () => 'found')
    const { postgres } = scrapeOf()
    await sizes(postgres, shop)
    const names = async (databases: readonly string[]) =>
      samplesOf(await survey.state.collect({ ...postgres, databases }, AbortSignal.timeout(1_000))).length
    expect([await names(['shop']), await names(['other'])]).toEqual([4, 0])
  })

  test('that takes longer than the scrape can spare comes with a later one', async () => {
    let finish = (_: string) => {}
    const slow = new Promise<string>((resolve) => {
      finish = resolve
    })
    const sizes = surveyOf({ every: 60_000 }).asks('sizes', () => slow)
    const { postgres } = scrapeOf({ budget: 2 })
    expect(await sizes(postgres, shop)).toBeUndefined()
    finish('at last')
    await settle()
    expect(await sizes(postgres, shop)).toBe('at last')
  })

  test('is asked once, however many want it in one scrape', async () => {
    const ask = vi.fn(async () => 'found')
    const sizes = surveyOf({ every: 0, share: 1_000_000 }).asks('sizes', ask)
    const { postgres } = scrapeOf({ budget: 600_000 })
    expect(await Promise.all([sizes(postgres, shop), sizes(postgres, shop)])).toEqual(['found', 'found'])
    expect(ask).toHaveBeenCalledTimes(1)
  })

  test('asks everything that one scrape wants over one connection', async () => {
    const survey = surveyOf({ every: 60_000 })
    const [a, b] = [survey.asks('a', async () => 'a'), survey.asks('b', async () => 'b')]
    const { postgres, connections } = scrapeOf()
    expect(await Promise.all([a(postgres, shop), b(postgres, shop)])).toEqual(['a', 'b'])
    expect(connections()).toBe(1)
  })

  test('that fails is told of, spoils no other, and leaves what was found before', async () => {
    const survey = surveyOf({ every: 0, share: 1_000_000 })
    let broken = false
    const a = survey.asks('a', async () => {
      if (broken) throw new Error('too slow')
      return 'kept'
    })
    const b = survey.asks('b', async () => 'b')
    const { postgres, failed } = scrapeOf()
    await Promise.all([a(postgres, shop), b(postgres, shop)])
    broken = true
    await Promise.all([a(postgres, shop), b(postgres, shop)])
    await settle()
    expect(await Promise.all([a(postgres, shop), b(postgres, shop)])).toEqual(['kept', 'b'])
    const samples = samplesOf(await survey.state.collect(postgres, AbortSignal.timeout(1_000)))
    const success = (survey: string) =>
      samples.find(({ metric, labels }) => metric.name === surveySuccess.name && labels.survey === survey)?.value
    expect([success('a'), success('b')]).toEqual([0, 1])
    expect(samples.some(({ metric, labels }) => metric.name === surveyAge.name && labels.survey === 'a')).toBe(true)
    expect(failed).toHaveBeenCalledWith('a in shop', expect.objectContaining({ message: 'too slow' }))
  })

  test('that was never answered throws why, to the one who asks', async () => {
    const sizes = surveyOf({ every: 60_000 }).asks('sizes', async () => {
      throw new Error('no right')
    })
    await expect(sizes(scrapeOf().postgres, shop)).rejects.toThrow('no right')
  })

  test('without a connection is asked again by the next scrape, however long its pace', async () => {
    const sizes = surveyOf({ every: 60_000 }).asks('sizes', async () => 'found')
    const refused = new Error('too many clients')
    await expect(sizes(scrapeOf({ refused }).postgres, shop)).rejects.toThrow('too many clients')
    const { postgres } = scrapeOf()
    await sizes(postgres, shop).catch(() => undefined)
    await settle()
    expect(await sizes(postgres, shop)).toBe('found')
  })
})
