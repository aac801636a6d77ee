import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { models } from '../../dashboards/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const guides = ['README.md', 'CONTRIBUTING.md', 'docs/dashboards.md', 'docs/administration.md'] as const

/** Questions that are the words of a promise stand in `config/sla.ts`. */
const questionsOf = ({ json }: (typeof models)[number]) =>
  (json.panels ?? []).flatMap(({ type, title = '' }) => (type === 'row' && title.endsWith('?') ? [title] : []))

describe('the guide to the dashboards', () => {
  const guide = read('docs/dashboards.md')

  test.each(models.map((model) => [model.title, model] as const))('has a chapter on %s', (title, model) => {
    expect(guide).toContain(`\n## ${title}\n`)
    // The SLA dashboard is told of as a whole.
    if (title !== 'SLA') expect(questionsOf(model).filter((question) => !guide.includes(`| ${question} |`))).toEqual([])
  })

  test('tells of no row that is not there', () => {
    const told = [...guide.matchAll(/^\| ([A-Z][^|]*\?) \|/gm)].map(([, question = '']) => question)
    expect(told.length).toBeGreaterThan(10)
    expect(told.filter((question) => !models.some((model) => questionsOf(model).includes(question)))).toEqual([])
  })
})

describe.each(guides)('%s', (path) => {
  test('leads to files that are there', () => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    const named = [
      ...read(path).matchAll(/`((?:alerts|compose|config|dashboards|demo|docs|exporters|metrics|test)\/[\w./-]+)`/g),
    ].map(([, file = '']) => file)
    const absent = [...links.map((link) => join(dirname(path), link)), ...named].filter(
      (file) => !existsSync(join(root, file)),
    )
    expect(absent).toEqual([])
  })
})
