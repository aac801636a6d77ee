import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { models } from '../../../dashboards/index.ts'
import { everyAlert } from '../../promtool/case.ts'

const written = artefacts()
const fileOf = (path: string) => {
  const text = written.get(path)
  if (text === undefined) throw new Error(`${path} is not generated`)
  return text
}
const runbook = fileOf('runbook.md')
const page = fileOf('prometheus/consoles/runbook.html')

const ruleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          labels: z.record(z.string(), z.string()).optional(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
})
const told = [...written]
  .filter(([path]) => path.startsWith('prometheus/rules/'))
  .flatMap(([, text]) => ruleFile.parse(parse(text)).groups)
  .flatMap(({ rules }) =>
    rules.flatMap(({ alert, annotations, labels }) =>
      alert && labels?.severity ? [{ alert, annotations: annotations ?? {}, step: labels?.step }] : [],
    ),
  )

describe('the runbook', () => {
  test.each(everyAlert.filter(({ runbook: entry }) => entry).map(({ id }) => id))('has an entry for %s', (id) => {
    expect(runbook).toContain(`\n### ${id}\n`)
  })

  test('leaves nothing in it that only Prometheus would fill in', () => {
    expect(runbook).not.toContain('{{ $')
  })

  test('as a page of Prometheus holds no template, but braces written as themselves', () => {
    const rest = page.replaceAll('{{ "{{" }}', '').replaceAll('{{ "}}" }}', '')
    expect(rest).not.toMatch(/\{\{|\}\}/)
  })

  test('shows every word of a sentence, with a place for what Prometheus fills in', () => {
    const { summary } = everyAlert.find(({ id }) => id === 'PostgresConnectionsNearLimit')?.annotations ?? {}
    expect(summary).toContain('{{ $labels.instance }}')
    expect(page).toContain(
      '<em>value</em> of the connections that PostgreSQL <em>instance</em> has for applications are taken',
    )
    // Of HTML there is nothing that the texts brought along.
    expect([...new Set(runbook.replace(/```[\s\S]*?```/g, '').match(/<\/?\w+/g))].sort()).toEqual(['</a', '<a'])
  })

  test('as a page fetches nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<img|<link|src=|@import/)
  })
})

describe('an alert as it is written for Prometheus', () => {
  test('leads to its entry, on the Prometheus that fires it', () => {
    expect(told).toHaveLength(everyAlert.filter(({ labels }) => labels.severity).length)
    for (const { annotations, step } of told) {
      if (step) continue
      const [, anchor = ''] =
        /^\{\{ \$externalURL \}\}\/consoles\/runbook\.html#(\S+)$/.exec(annotations.runbook_url ?? '') ?? []
      expect(page).toContain(`<a id="${anchor}"></a>`)
    }
  })

  test('that tells that nobody responds leads to the entry of what nobody responded to', () => {
    const ladder = told.filter(({ step }) => step)
    expect(ladder).toHaveLength(8)
    for (const { annotations } of ladder) {
      expect(annotations.runbook_url).toBe('{{ $externalURL }}/consoles/runbook.html#{{ $labels.source_alert }}')
    }
    for (const { alert } of told) expect(page).toContain(`<a id="${alert}"></a>`)
  })

  test('leads to the panel that shows what it judges, and the line beyond which it fires', () => {
    const judged = new Map(everyAlert.map((one) => [one.id, one]))
    for (const { alert, annotations } of told) {
      const [, uid, id] =
        /^http:\/\/127\.0\.0\.1:3001\/d\/([\w-]+)\?viewPanel=(\d+)$/.exec(annotations.panel_url ?? '') ?? []
      const panel = models.find((model) => model.uid === uid)?.json.panels?.find((one) => String(one.id) === id)
      expect(panel?.title).toContain(alert)
      const { comparisons = [], expr = '' } = judged.get(panel?.title ?? '') ?? {}
      const drawn = JSON.stringify(panel)
      const values = comparisons.length > 0 ? comparisons.map(({ value }) => value) : [expr]
      expect(values.filter((value) => !drawn.includes(JSON.stringify(value)))).toEqual([])
      const bounds = comparisons.map(({ bound }) =>
        typeof bound === 'number' ? `"value":${bound}` : JSON.stringify(bound),
      )
      expect(bounds.filter((bound) => !drawn.includes(bound))).toEqual([])
    }
  })

  test('leads to a dashboard that there is, and to a choice that it has', () => {
    for (const { annotations } of told) {
      const [, uid, , choice] =
        /^http:\/\/127\.0\.0\.1:3001\/d\/([\w-]+)(\{\{ with \$labels\.instance \}\}\?var-(\w+)=\{\{ \. \}\}\{\{ end \}\})?$/.exec(
          annotations.dashboard_url ?? '',
        ) ?? []
      const found = models.find((model) => model.uid === uid)
      expect(found?.title).toBeDefined()
      if (choice) expect(JSON.stringify(found?.json.templating)).toContain(`"name":"${choice}"`)
    }
  })
})
