import { describe, expect, test } from 'vitest'
import { askedNames } from '../../promtool/recorded/asked.ts'
import { strangersIn } from '../../promtool/recorded/declared.ts'
import { recording } from '../../promtool/recorded/recording.ts'
import { unseen } from '../../promtool/recorded/unseen.ts'

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
    expect(strangersIn(recording)).toEqual([])
    expect(strangersIn({ api: { http_requests_total: { labels: ['route'], examples: [] } } })).toEqual([
      'http_requests_total of api has the labels (route), and is declared with (method, route, status_code)',
    ])
  })
})
