import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { apart, type Batch, batches, everyAlert } from '../promtool/case.ts'
import { everyCase } from '../promtool/index.ts'
import { onsets } from '../promtool/onsets.ts'
import { promiseReadings } from '../promtool/promises.ts'

const folder = mkdtempSync(join(tmpdir(), 'rules-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The first run of a checkout fetches it.
const { promtool } = await ensurePrograms(['promtool'])

let written = 0
const ask = async ({ files }: Batch) => {
  const home = join(folder, String(written++))
  mkdirSync(home)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
  const { code, output } = await run([promtool.path, 'test', 'rules', join(home, 'test.yml')], { env: promtool.env })
  return { holds: code === 0 && output.includes('SUCCESS'), output }
}

/** What promtool says of each question that fails, under its name. */
const failures = async (batch: Batch) => {
  if ((await ask(batch)).holds) return []
  const answers = await Promise.all(
    apart(batch).map(async (one) => ({ name: one.asked[0]?.name, ...(await ask(one)) })),
  )
  const failed = answers.filter(({ holds }) => !holds)
  return failed.length > 0 ? failed.map(({ name, output }) => `${name}: ${output}`) : ['fails only together']
}

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
