import { describe, expect, test } from 'vitest'
import { annotationsOf, isOn, marksIn } from '../../../dashboards/preview/page/annotations.ts'
import { thinned, toExemplars } from '../../../dashboards/preview/page/exemplars.ts'
import type { Answer } from '../../../dashboards/preview/page/results.ts'

const minute = 60_000
const about = { range: { from: 0, to: 20 * minute }, step: minute, colourOf: (name: string) => name }
const answer = (points: readonly (readonly [number, string])[]): Answer => ({
  resultType: 'matrix',
  result: [{ metric: { version: '1.2.3', team: 'core' }, values: points }],
})
const minutes = (...values: readonly string[]) => answer(values.map((value, place) => [place * 60, value] as const))

describe('what an annotation marks', () => {
  test('are the whiles in which its query is above nothing', () => {
    const marks = marksIn(minutes('0', '1', '1', '0', 'NaN', '2', '0'), { name: 'Backup' }, about)
    expect(marks.map(({ from, to }) => [from / minute, to / minute])).toEqual([
      [1, 2],
      [5, 5],
    ])
  })

  test('are the moments that its query names, once each, as far as they are shown', () => {
    const [early, late] = [-5 * minute, 7.5 * minute].map(String)
    const json = { name: 'Deployment', useValueForTime: true }
    const marks = marksIn(minutes(early ?? '', late ?? '', late ?? '', 'NaN'), json, about)
    expect(marks.map(({ from, to }) => [from, to])).toEqual([[7.5 * minute, 7.5 * minute]])
  })

  test('is told by the labels of its series, and by its name where it says nothing', () => {
    const said = { titleFormat: 'Deployed', textFormat: 'version {{version}}{{missing}}', tagKeys: 'team, missing' }
    expect(marksIn(minutes('1'), { name: 'Deployment', ...said }, about)).toMatchObject([
      { title: 'Deployed', text: 'version 1.2.3', tags: ['core'] },
    ])
    expect(marksIn(minutes('1'), { name: 'Deployment' }, about)).toMatchObject([
      { title: 'Deployment', text: '', tags: [] },
    ])
  })

  test('is what the address says, else what the dashboard does; Grafana’s own is left out', () => {
    const list = [
      { name: 'a', expr: 'a' },
      { name: 'b', expr: 'b', enable: false },
      { name: 'own', builtIn: 1 },
    ]
    const known = annotationsOf({ uid: 'x', title: 'x', annotations: { list } })
    const state = { range: { from: '', to: '' }, refresh: '', variables: {} }
    expect(known.map((one) => isOn(one, state))).toEqual([true, false])
    expect(known.map((one) => isOn(one, { ...state, marks: { a: false, b: true } }))).toEqual([false, true])
  })
})

test('of many exemplars within a step the slowest is kept, and those clearly faster than one that is', () => {
  const all = toExemplars(
    [
      {
        seriesLabels: { le: '1' },
        exemplars: [0.1, 0.11, 0.12, 0.9, 0.91, 0.2].map((value, place) => ({
          labels: { trace_id: String(place) },
          value: String(value),
          timestamp: place < 5 ? place : 100,
        })),
      },
    ],
    'A',
  )
  expect(all[3]).toEqual({ refId: 'A', time: 3000, value: 0.9, labels: { trace_id: '3' }, series: { le: '1' } })
  expect(thinned(all, minute).map(({ value }) => value)).toEqual([0.91, 0.12, 0.2])
})
