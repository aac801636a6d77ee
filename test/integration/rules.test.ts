import { afterAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { asker } from '../promtool/ask.ts'
import { batches, everyAlert } from '../promtool/case.ts'
import { everyCase } from '../promtool/index.ts'
import { onsets } from '../promtool/onsets.ts'
import { promiseReadings } from '../promtool/promises.ts'

// The first run of a checkout fetches it.
const { promtool } = await ensurePrograms(['promtool'])
const { failures, end } = asker(promtool)
afterAll(end)

describe.concurrent('every case and every reading holds:', () => {
  const asked = batches([...everyCase, ...promiseReadings, ...onsets(2)])
  test.each(asked.map((one) => [one.name, one] as const))('%s', { timeout: 300_000 }, async (_name, batch) => {
    expect(await failures(batch)).toEqual([])
  })
})

describe('of all cases', () => {
  const firing = new Set(everyCase.flatMap(({ fires }) => fires.map(({ rule }) => rule.id)))
  const quiet = new Set(
    everyCase.flatMap(({ about, fires }) => (fires.some(({ rule }) => rule.id === about.id) ? [] : [about.id])),
  )

  test('every alert has one that must fire and one that must stay quiet', () => {
    const ids = everyAlert.map(({ id }) => id)
    expect(ids.length).toBeGreaterThan(0)
    expect(ids.filter((id) => !firing.has(id))).toEqual([])
    expect(ids.filter((id) => !quiet.has(id))).toEqual([])
  })

  test('no two have the same name', () => {
    const names = [...everyCase, ...promiseReadings].map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  test('each fires first of all the alert it is about, where it fires any', () => {
    const astray = everyCase.filter(({ about, fires }) => fires.some(({ rule }) => rule.alert !== about.alert))
    expect(astray.map(({ name }) => name)).toEqual([])
  })
})
