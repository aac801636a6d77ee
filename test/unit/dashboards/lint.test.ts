import { describe, expect, test } from 'vitest'
import { models } from '../../../dashboards/index.ts'
import { type Exclusion, exclusions } from '../../dashboard-lint/exclusions.ts'
import { type Finding, rules } from '../../dashboard-lint/rules.ts'
import { dashboardShape, type LintedDashboard, type LintedPanel } from '../../dashboard-lint/shape.ts'

const linted = models.map(({ json }) => dashboardShape.parse(json))
const findings = new Map(rules.map((rule) => [rule.id, linted.flatMap((one) => rule.check(one))]))
const found = (id: string): readonly Finding[] => {
  const all = findings.get(id)
  if (!all) throw new Error(`there is no rule ${id}`)
  return all
}
const concerns = ({ of = () => true }: Exclusion, finding: Finding) => of(finding)

test('every rule of dashboard-linter is here, by its name', () => {
  expect(rules.map(({ id }) => id)).toEqual([
    'template-datasource-rule',
    'template-job-rule',
    'template-instance-rule',
    'template-label-promql-rule',
    'template-on-time-change-reload-rule',
    'panel-datasource-rule',
    'panel-title-description-rule',
    'panel-units-rule',
    'panel-no-targets-rule',
    'target-logql-rule',
    'target-logql-auto-rule',
    'target-promql-rule',
    'target-rate-interval-rule',
    'target-job-rule',
    'target-instance-rule',
    'target-counter-agg-rule',
    'uneditable-dashboard-rule',
  ])
})

test.each(rules.map(({ id }) => id))('%s finds nothing but what is excluded with a reason', (id) => {
  const own = exclusions.filter(({ rule }) => rule === id)
  expect(found(id).filter((finding) => !own.some((one) => concerns(one, finding)))).toEqual([])
})

test.each(exclusions.map((one) => [one.rule, one.reason, one] as const))(
  'nothing is excluded from %s in vain: %s',
  (rule, reason, one) => {
    expect(found(rule).some((finding) => concerns(one, finding))).toBe(true)
    expect(reason).toMatch(/^.{20,}\.$/s)
  },
)

/** A dashboard of one panel, which has nothing wrong but what is made wrong. */
const panel: LintedPanel = {
  id: 1,
  type: 'timeseries',
  title: 'Requests',
  description: 'Requests per second.',
  datasource: { type: 'prometheus', uid: `\${datasource}` },
  targets: [
    { refId: 'A', expr: 'sum(rate(http_requests_total{job=~"$job",instance=~"$instance"}[$__rate_interval]))' },
  ],
  fieldConfig: { defaults: { unit: 'reqps', mappings: [] }, overrides: [] },
  transformations: [],
}
const asks = (name: string) => ({
  name,
  label: name,
  type: 'query',
  query: `label_values(up, ${name})`,
  refresh: 2,
  multi: true,
  allValue: '.+',
})
const source = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', multi: false }
const sound: LintedDashboard = {
  uid: 'sound',
  title: 'Sound',
  editable: false,
  templating: { list: [source, asks('job'), asks('instance')] },
  panels: [panel],
}
const withPanel = (change: Partial<LintedPanel>): LintedDashboard => ({ ...sound, panels: [{ ...panel, ...change }] })
const asking = (expr: string) => withPanel({ targets: [{ refId: 'A', expr }] })
const choosing = (...list: LintedDashboard['templating']['list']) => ({ ...sound, templating: { list } })
const ofLoki = withPanel({ targets: [{ refId: 'A', expr: '', datasource: { type: 'loki' } }] })
const column = (unit: string) => ({
  matcher: { id: 'byName', options: 'Hits' },
  properties: [{ id: 'unit', value: unit }],
})
const tabled = (unit: string) =>
  withPanel({
    type: 'table',
    fieldConfig: { defaults: { mappings: [] }, overrides: [column(unit)] },
    transformations: [{ id: 'organize', options: { renameByName: { 'Value #A': 'Hits' } } }],
  })

test('a dashboard that has nothing wrong is found fault with by no rule', () => {
  expect(rules.flatMap((rule) => rule.check(sound))).toEqual([])
  expect(rules.flatMap((rule) => rule.check(tabled('reqps')))).toEqual([])
})

describe('a rule finds what it is for', () => {
  test.each<readonly [id: string, says: RegExp, broken: LintedDashboard]>([
    ['template-datasource-rule', /has 0 choices/, choosing(asks('job'), asks('instance'))],
    ['template-datasource-rule', /named source/, choosing({ ...source, name: 'source' })],
    ['template-datasource-rule', /labelled From/, choosing({ ...source, label: 'From' })],
    ['template-datasource-rule', /of mysql/, choosing({ ...source, query: 'mysql' })],
    ['template-job-rule', /no choice job/, choosing(source, asks('instance'))],
    ['template-instance-rule', /not for several/, choosing(source, { ...asks('instance'), multi: false })],
    ['template-label-promql-rule', /no function/, choosing({ ...asks('x'), query: 'values(up, x)' })],
    ['template-label-promql-rule', /x: at/, choosing({ ...asks('x'), query: 'label_values(up{, x)' })],
    ['template-on-time-change-reload-rule', /not asked again/, choosing({ ...asks('x'), refresh: 1 })],
    ['panel-datasource-rule', /is main/, withPanel({ datasource: { uid: 'main' } })],
    ['panel-title-description-rule', /no title/, withPanel({ description: ' ' })],
    [
      'panel-units-rule',
      /the panel has no unit/,
      withPanel({ fieldConfig: { defaults: { mappings: [] }, overrides: [] } }),
    ],
    ['panel-units-rule', /no unit parsecs/, tabled('parsecs')],
    ['panel-no-targets-rule', /asks nothing/, withPanel({ targets: [] })],
    ['target-logql-rule', /Loki/, ofLoki],
    ['target-logql-auto-rule', /Loki/, ofLoki],
    ['target-promql-rule', /at 4/, asking('sum(')],
    ['target-rate-interval-rule', /rate of x over 5m/, asking('rate(x[5m] offset 1h)')],
    ['target-job-rule', /x has no job/, asking('x{instance=~"$instance"}')],
    ['target-instance-rule', /x has no instance/, asking('x{job=~"$job",instance="$instance"}')],
    ['target-counter-agg-rule', /x_total is a counter/, asking('sum(max_over_time(x_total[5m]))')],
    ['uneditable-dashboard-rule', /can be edited/, { ...sound, editable: true }],
  ])('%s: %s', (id, says, broken) => {
    const rule = rules.find((one) => one.id === id)
    expect(rule?.check(broken).map((one) => one.says)).toEqual([expect.stringMatching(says)])
  })
})
