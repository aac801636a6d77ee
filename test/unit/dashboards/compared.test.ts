import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { models } from '../../../dashboards/index.ts'

const page = readFileSync(new URL('../../../docs/dashboards-compared.md', import.meta.url), 'utf8')

/** The rows of its tables, but for their heads. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('|---') && !line.startsWith('| Question'))
  .map((line) => line.slice(2, -2).split(' | '))

const title = models.map((one) => one.title).sort((one, other) => other.length - one.length)

/** The panels that a row names: `Dashboard: *Panel*, *Panel*; Dashboard: *Panel*`. */
const namedIn = (ours: string) =>
  ours.split('; ').flatMap((part) => {
    const dashboard = title.find((one) => part.startsWith(`${one}: *`))
    return [...part.matchAll(/\*([^*]+)\*/g)].map(([, panel = '']) => ({ dashboard, panel }))
  })

const hasPanel = (dashboard: string | undefined, panel: string) =>
  models.some((one) => one.title === dashboard && one.json.panels?.some((each) => each.title === panel))

describe('beside the dashboards of others', () => {
  test('questions are compared in rows of four cells', () => {
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell.trim() === ''))).toEqual([])
  })

  test.each(rows.map(([question = '', , , ours = '']) => [question, ours]))(
    '%s: a panel of ours answers it, or it is said why none does',
    (_question, ours) => {
      const named = namedIn(ours)
      if (named.length === 0) expect(ours).toMatch(/^None: \w.{20,}/)
      expect(named.filter(({ dashboard, panel }) => !hasPanel(dashboard, panel))).toEqual([])
    },
  )
})
