import { describe, expect, test } from 'vitest'
import { askedNames } from '../../promtool/recorded/asked.ts'
import { recordedLabels, recording } from '../../promtool/recorded/recording.ts'
import { unseen } from '../../promtool/recorded/unseen.ts'
import { served } from '../../promtool/series.ts'

const recordedNames = new Set(Object.values(recording).flatMap(Object.keys))

describe('what rules read', () => {
  test('was seen on a real server, or it is said why not', () => {
    expect(askedNames.filter((name) => !recordedNames.has(name) && unseen[name] === undefined)).toEqual([])
  })

  test('is all that is recorded, and all that is said to be missing', () => {
    expect([...recordedNames].filter((name) => !askedNames.includes(name))).toEqual([])
    expect(Object.keys(unseen).filter((name) => !askedNames.includes(name) || recordedNames.has(name))).toEqual([])
  })

  test('has the labels that it is declared with', () => {
    const declared = [...served].flatMap(([job, metrics]) =>
      metrics.flatMap(({ name, type, labels }) => {
        const own = [...labels].sort()
        if (type !== 'histogram') return [{ job, name, labels: own }]
        return [
          { job, name: `${name}_bucket`, labels: [...own, 'le'].sort() },
          { job, name: `${name}_count`, labels: own },
          { job, name: `${name}_sum`, labels: own },
        ]
      }),
    )
    const seen = declared.filter(({ job, name }) => recordedLabels(job, name))
    expect(seen.length).toBeGreaterThan(150)
    expect(seen.map(({ job, name }) => ({ job, name, labels: recordedLabels(job, name) }))).toEqual(seen)
  })
})
