import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { serviceVariables } from '../../config/service-variables.ts'
import { answering } from '../../dashboards/index.ts'
import { checkOptions } from '../../exporters/service/options.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const guides = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/dashboards.md',
  'docs/support.md',
  'docs/delivery.md',
  'docs/administration.md',
  'docs/incidents.md',
  'docs/jobs.md',
  'docs/mimir.md',
  'docs/instrument-your-service.md',
] as const

/** Questions that are the words of a promise stand in `config/sla.ts`. */
const questionsOf = ({ json }: (typeof answering)[number]) =>
  (json.panels ?? []).flatMap(({ type, title = '' }) => (type === 'row' && title.endsWith('?') ? [title] : []))

describe('the guide to the dashboards', () => {
  const guide = read('docs/dashboards.md')

  test.each(answering.map((model) => [model.title, model] as const))('has a chapter on %s', (title, model) => {
    expect(guide).toContain(`\n## ${title}\n`)
    // The SLA dashboard is told of as a whole.
    if (title !== 'SLA') expect(questionsOf(model).filter((question) => !guide.includes(`| ${question} |`))).toEqual([])
  })

  test('tells of no row that is not there', () => {
    const told = [...guide.matchAll(/^\| ([A-Z][^|]*\?) \|/gm)].map(([, question = '']) => question)
    expect(told.length).toBeGreaterThan(10)
    expect(told.filter((question) => !answering.some((model) => questionsOf(model).includes(question)))).toEqual([])
  })
})

describe('the guide to the instrumentation', () => {
  const table = /^\| Option \|.*?\n\n/ms.exec(read('docs/instrument-your-service.md'))?.[0] ?? ''
  const rows = table.split('\n').slice(2)
  const namesIn = (column: number) =>
    rows
      .flatMap((row) => [...(row.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
      .sort()
  /** As whoever gives a wrong one is told. */
  const optionsOf = (part: string): readonly string[] => {
    try {
      checkOptions(part === '' ? { unknown: 1 } : { [part]: { unknown: 1 } })
    } catch (fault) {
      return /known are ([\w, ]+)/.exec(String(fault))?.[1]?.split(', ') ?? []
    }
    return []
  }
  const parts = ['metrics', 'http', 'log', 'errors', 'traces']

  test('has every option in its table, and no other', () => {
    const single = optionsOf('').filter((name) => !parts.includes(name))
    const all = [...single, ...parts.flatMap((part) => optionsOf(part).map((name) => `${part}.${name}`))]
    expect(single.length).toBeGreaterThan(5)
    expect(namesIn(1)).toEqual(all.sort())
  })

  test('has every variable in its table, and no other', () => {
    expect([...new Set(namesIn(2))]).toEqual(Object.keys(serviceVariables).sort())
  })
})

describe.each(guides)('%s', (path) => {
  test('leads to files that are there', () => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    const named = [
      ...read(path).matchAll(
        /`((?:alerts|compose|config|dashboards|demo|docs|exporters|jobs|metrics|test)\/[\w./-]+)`/g,
      ),
    ].map(([, file = '']) => file)
    const absent = [...links.map((link) => join(dirname(path), link)), ...named].filter(
      (file) => !existsSync(join(root, file)),
    )
    expect(absent).toEqual([])
  })
})
