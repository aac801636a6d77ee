import { afterAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { keptApart } from '../promtool/apart.ts'
import { asker, asking } from '../promtool/ask.ts'
import { alertNamed, batches, everyAlert } from '../promtool/case.ts'
import { equivalents } from '../promtool/equivalents/index.ts'
import { everyCase, everyQuestion } from '../promtool/index.ts'
import { missingCases } from '../promtool/missing.ts'
import { monthFiles } from '../promtool/month.ts'
import { mutate } from '../promtool/mutation.ts'
import { onsets } from '../promtool/onsets.ts'

// The first run of a checkout fetches it.
const { promtool } = await ensurePrograms(['promtool'])
const { failures, end } = asker(promtool)
afterAll(end)
const others = asking(promtool)
afterAll(others.end)

describe.concurrent('every case and every reading holds:', () => {
  const asked = batches([...everyQuestion, ...onsets(2)])
  test.each(asked.map((one) => [one.name, one] as const))('%s', { timeout: 600_000 }, async (_name, batch) => {
    expect(await failures(batch)).toEqual([])
  })
})

test.each(['httpAvailability', 'apiReachable'] as const)(
  'over days of uneven traffic the recorded share of bad events of %s is that of all that were counted',
  async (promise) => {
    expect(await others.ask(monthFiles(promise, 2))).toMatchObject({ holds: true })
  },
  60_000,
)

test('a route or a target that breaks a promise which is kept for each is told by name, and no other', async () => {
  expect(await others.ask(keptApart)).toMatchObject({ holds: true })
})

describe('of mutants', () => {
  // The whole of it is `npm run prove -- mutants`: these are quick, and of each subject.
  const tried = ['RedisMemoryNearLimit', 'PostgresSlotNearLoss', 'ApiAnswerUnexpected', 'ClientPoolFull', 'TargetDown']
  test.each(tried)(
    'each one of %s fails a case',
    async (id) => {
      const { planted, survived } = await mutate(promtool, alertNamed(id))
      expect(planted.length).toBeGreaterThan(3)
      expect(survived.map(({ name }) => name)).toEqual([])
    },
    60_000,
  )

  test('one that no case notices is said to have survived', async () => {
    const alert = alertNamed('RedisMemoryNearLimit')
    const firing = everyCase.filter(({ about, fires }) => about.id === alert.id && fires.length > 0)
    const { survived } = await mutate(promtool, alert, firing)
    expect(survived.map(({ mutation }) => mutation)).toContain('threshold')
  }, 60_000)

  test('those that are explained are of alerts that there are', () => {
    const ids = everyAlert.map(({ id }) => id)
    expect(equivalents.filter(({ alert }) => !ids.includes(alert))).toEqual([])
  })
})

describe('of all cases', () => {
  test('every alert has one that must fire and one that must stay quiet', () => {
    expect(missingCases(everyCase)).toEqual([])
  })

  test('one that is missing is told with the place where it belongs', () => {
    const about = alertNamed('RedisDown')
    const firing = everyCase.filter((one) => one.about !== about || one.fires.length > 0)
    const line = 'test/promtool/redis: RedisDown has no case in which it must stay quiet: add one, or it may cry wolf'
    expect(missingCases(firing)).toEqual([line])
    expect(missingCases(everyCase.filter((one) => one.about !== about))).toHaveLength(2)
  })

  test('no two have the same name', () => {
    const names = everyQuestion.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  test('each fires first of all the alert it is about, where it fires any', () => {
    const astray = everyCase.filter(({ about, fires }) => fires.some(({ rule }) => rule.alert !== about.alert))
    expect(astray.map(({ name }) => name)).toEqual([])
  })
})
