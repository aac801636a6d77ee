import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { rules } from '../../compose/rules.ts'
import { everyAlert, keyOf, printCase, printReading, subjects } from '../promtool/case.ts'
import { everyCase } from '../promtool/index.ts'
import { promiseReadings } from '../promtool/promises.ts'

const folder = mkdtempSync(join(tmpdir(), 'rules-'))
for (const [name, text] of rules(subjects)) writeFileSync(join(folder, name), text)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The first run of a checkout fetches it.
const { promtool } = await ensurePrograms(['promtool'])

let written = 0
const proves = async (text: string) => {
  const file = join(folder, `case-${written++}.test.yml`)
  writeFileSync(file, text)
  const { code, output } = await run([promtool.path, 'test', 'rules', file], { env: promtool.env })
  expect(output).toContain('SUCCESS')
  expect(code).toBe(0)
}

describe.concurrent('an alert', () => {
  test.each(everyCase.map((one) => [one.name, one] as const))('%s', (_name, one) => proves(printCase(one)))
})

describe.concurrent('a recorded series', () => {
  test.each(promiseReadings.map((one) => [one.name, one] as const))('%s', (_name, one) => proves(printReading(one)))
})

describe('of all cases', () => {
  const firing = new Set(everyCase.flatMap(({ fires }) => fires.map(({ rule }) => keyOf(rule))))
  const quiet = new Set(
    everyCase.flatMap(({ about, fires }) =>
      fires.some(({ rule }) => keyOf(rule) === keyOf(about)) ? [] : [keyOf(about)],
    ),
  )

  test('every alert has one that must fire and one that must stay quiet', () => {
    const keys = everyAlert.map(keyOf)
    expect(keys.length).toBeGreaterThan(0)
    expect(keys.filter((key) => !firing.has(key))).toEqual([])
    expect(keys.filter((key) => !quiet.has(key))).toEqual([])
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
