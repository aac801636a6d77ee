import { describe, expect, test } from 'vitest'
import { severities, sla } from '../../../config/sla.ts'
import { services, targets } from '../../../config/targets.ts'
import { teams } from '../../../config/teams.ts'

test('A human responds within 1, 4, 24 or 72 hours, by severity', () => {
  const hours = Object.entries(severities).map(([name, { respondWithinHours }]) => [name, respondWithinHours])
  expect(hours).toEqual([
    ['critical', 1],
    ['high', 4],
    ['medium', 24],
    ['low', 72],
  ])
})

test('Every severity says what it means, and what is done when its time runs out', () => {
  const texts = Object.values(severities).flatMap(({ means, escalation }) => [means, ...Object.values(escalation)])
  expect(texts).toHaveLength(12)
  for (const text of texts) expect(text).toMatch(/\S/)
})

describe.each(Object.entries(sla))('The promise %s', (_name, promise) => {
  test('leaves an error budget, and less than all', () => {
    expect(promise.target).toBeGreaterThan(0)
    expect(promise.target).toBeLessThan(1)
  })

  test('is kept over whole days by a team that there is', () => {
    expect(promise.window).toMatch(/^[1-9]\d*d$/)
    expect(Object.keys(teams)).toContain(promise.owner)
  })

  test('states its share in its words', () => {
    expect(promise.promise).toContain(`${Number((promise.target * 100).toFixed(6))} %`)
  })
})

describe.each(Object.entries(teams))('The team %s', (_name, { tell }) => {
  test('has secrets named as files are, not written', () => {
    for (const channel of Object.values(tell).flat()) {
      if ('secret' in channel) expect(channel.secret).toMatch(/^[a-z_]+$/)
    }
  })
})

test('Every target and service bears a name of its own that can stand in a path', () => {
  const names = [...Object.keys(targets), ...Object.keys(services)]
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
})
