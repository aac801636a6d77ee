import { describe, expect, test } from 'vitest'
import { inHours } from '../../../alerts/burn-rate.ts'
import { aftermath, slowAftermaths } from '../../../alerts/stack/aftermath.ts'
import { heartbeat } from '../../../alerts/stack/heartbeat.ts'
import { measureOf } from '../../../config/quantity.ts'
import { severities } from '../../../config/sla.ts'
import { teams } from '../../../config/teams.ts'
import { everyAlert, everyRecording } from '../../promtool/case.ts'

const told = everyAlert.filter(({ labels }) => labels.severity !== undefined)

describe.each(told.map((alert) => [alert.id, alert] as const))(
  '%s',
  (_name, { alert, labels, annotations, runbook, threshold, ...rule }) => {
    test('has exactly one of the four severities', () => {
      expect(Object.keys(severities)).toEqual(['critical', 'high', 'medium', 'low'])
      expect(Object.keys(severities)).toContain(labels.severity)
    })

    test('is owned by a team, or by that of the alert which it is about', () => {
      if (labels.step !== undefined) expect(labels.owner).toBeUndefined()
      else expect(Object.keys(teams)).toContain(labels.owner)
    })

    test('says what is wrong in one line, and what its reader does first', () => {
      expect(Object.keys(annotations).sort()).toEqual(['action', 'summary'])
      for (const text of Object.values(annotations)) {
        expect(text.trim()).toBe(text)
        expect(text).toMatch(/^\S.{20,}$/)
      }
    })

    test('waits a second or more, or its clock would restart with Prometheus', () => {
      expect(inHours(rule.for) * 3600).toBeGreaterThanOrEqual(1)
    })

    test('has an entry in the runbook, with a command to paste', () => {
      const { meaning = '', impact = '', diagnosis = [], mitigation = [] } = runbook ?? {}
      for (const text of [meaning, impact, ...mitigation]) expect(text).toMatch(/^\S.{9,}\S$/s)
      expect(mitigation.length).toBeGreaterThan(0)
      expect(diagnosis.filter(({ sql, shell }) => sql ?? shell)).not.toEqual([])
    })

    test('has a threshold within what it may be set to, with its source, where it has one', () => {
      if (!threshold) return
      const [least, is, most] = [threshold.least, threshold.is, threshold.most].map(measureOf)
      expect(new Set([least?.dimension, is?.dimension, most?.dimension]).size).toBe(1)
      expect(least?.value).toBeLessThanOrEqual(is?.value ?? Number.NaN)
      expect(is?.value).toBeLessThanOrEqual(most?.value ?? Number.NaN)
      expect(threshold.source).toMatch(/\S{2,}/)
    })

    test('has a name in CamelCase', () => {
      expect(alert).toMatch(/^([A-Z][a-z0-9]+)+$/)
    })
  },
)

describe('of all rules', () => {
  test('the heartbeat has no severity, nor what nobody is told of, and both wait a second too', () => {
    const rest = everyAlert.filter(({ labels }) => labels.severity === undefined)
    expect(rest).toEqual([aftermath, ...slowAftermaths, heartbeat])
    for (const one of rest) expect(one.for).toBe('1s')
  })

  test('no two alerts have the same id', () => {
    const ids = everyAlert.map(({ id }) => id)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  })

  test('no two record the same series', () => {
    const keys = everyRecording.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
  })
})
