import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type JobSetting, jobs } from '../../../config/jobs.ts'
import { scheduleOf } from '../../../exporters/jobs/schedule.ts'
import { settingFaults } from '../../../exporters/jobs/setting-faults.ts'

const iso = (at: number) => new Date(at).toISOString()
/** All moments between two, as the due time is found. */
const moments = (expression: string, from: string, to: string) => {
  const { after } = scheduleOf(expression)
  const found: string[] = []
  for (let at = after(Date.parse(from)); at < Date.parse(to); at = after(at)) found.push(iso(at))
  return found
}

/** From before the clocks change until after it. */
const hours = 4

describe('A schedule of Europe/Paris', () => {
  // In 2026 clocks go from 02:00 to 03:00 on 29 March, and from 03:00 to 02:00 on 25 October.
  test.each([
    ['in the hour that is left out', '15 2 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00', '2026-03-30T00:15']],
    ['in the hour that comes twice', '15 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:15', '2026-10-26T01:15']],
    ['in summer and winter alike', '0 6 * * *', '2026-10-24T12:00Z', ['2026-10-25T05:00', '2026-10-26T05:00']],
    ['once a month', '45 1 1 * *', '2026-11-26T00:00Z', ['2026-12-01T00:45', '2027-01-01T00:45']],
  ])('has one moment a day %s', (_what, expression, from, wanted) => {
    const schedule = scheduleOf(expression)
    const first = schedule.after(Date.parse(from))
    expect([first, schedule.after(first)].map((at) => iso(at).slice(0, 16))).toEqual(wanted)
  })

  test.each([
    ['2026-03-28T23:00Z', '2026-03-29T05:00Z'],
    ['2026-10-24T22:00Z', '2026-10-25T05:00Z'],
  ])('has each minute once from %s on, whatever the clocks do', (from, to) => {
    const all = moments('* * * * *', from, to)
    expect(new Set(all).size).toBe(all.length)
    expect(all).toHaveLength((Date.parse(to) - Date.parse(from)) / 60_000 - 1)
  })

  describe('is kept', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    test.each([
      ['15 2 * * *', '2026-03-28T23:30Z'],
      ['15 2 * * *', '2026-10-24T22:30Z'],
      ['30 2 * * 0', '2026-10-24T22:30Z'],
      ['*/20 * * * *', '2026-10-24T22:59Z'],
    ])('at the moments at which it is due: %s from %s', (expression, from) => {
      vi.setSystemTime(Date.parse(from))
      const kept: string[] = []
      const clock = scheduleOf(expression).each(() => kept.push(iso(Date.now()).slice(0, 19)))
      vi.advanceTimersByTime(hours * 3_600_000)
      clock.stop()
      const due = moments(expression, from, iso(Date.parse(from) + hours * 3_600_000))
      expect(kept).toEqual(due.map((at) => at.slice(0, 19)))
    })
  })

  test.each([
    ['61 * * * *', 'write five fields as cron reads them'],
    ['* * * * * *', 'write five fields as cron reads them'],
    ['every day', 'write five fields as cron reads them'],
    ['0 0 30 2 *', 'a schedule without a moment: no such day comes'],
  ])('that reads %s is refused', (expression, fault) => {
    expect(() => scheduleOf(expression)).toThrow(fault)
    expect(() => scheduleOf(expression)).toThrow(`"${expression}" in Europe/Paris`)
  })

  test('of a zone that there is not is refused', () => {
    expect(() => scheduleOf('* * * * *', 'Europe/Pari')).toThrow('"* * * * *" in Europe/Pari is no schedule')
  })
})

describe('Settings', () => {
  test('as they are have no fault', () => {
    expect(settingFaults(jobs)).toEqual([])
  })

  const fine: JobSetting = { words: 'works', on: true, timeoutMinutes: 10, quietMinutes: 5 }
  test.each<[what: string, more: Partial<JobSetting>, faults: readonly RegExp[]]>([
    [
      'quiet for as long as it may take',
      { quietMinutes: 10 },
      [/quietMinutes \(10\) has to be less than timeoutMinutes \(10\)/],
    ],
    ['without time', { timeoutMinutes: 0, quietMinutes: -1 }, [/timeoutMinutes is 0/, /quietMinutes is -1/]],
    [
      'longer than a timer runs',
      { timeoutMinutes: 40_000 },
      [/timeoutMinutes is 40000: write more than 0, and at most 35791/],
    ],
    ['no number', { quietMinutes: Number.NaN }, [/quietMinutes is NaN/]],
    ['no schedule', { schedule: 'soon' }, [/"soon" in Europe\/Paris is no schedule/]],
  ])('%s are told, each with its job', (_what, more, faults) => {
    const found = settingFaults({ backup: fine, cleanup: { ...fine, ...more } })
    expect(found).toEqual(faults.map((fault) => expect.stringMatching(fault)))
    for (const one of found) expect(one).toMatch(/^config\/jobs\.ts, cleanup: /)
  })
})
