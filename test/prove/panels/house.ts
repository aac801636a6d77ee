import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import type { Dashboard } from '../../../dashboards/model.ts'
import { alerts, alertsForState, samplesScraped, scrapeDuration, up } from '../../../metrics/foreign.ts'
import type { Definition } from '../../../metrics/metric.ts'
import { filledIn, type Selected, selectedBy } from '../../promql.ts'
import { recording } from '../../promtool/recorded/recording.ts'
import { scraped, served } from '../../promtool/series.ts'

type Labels = Readonly<Record<string, string>>

/** A series of the house that is watched. */
export interface HouseSeries {
  readonly name: string
  readonly labels: Labels
  readonly kind: 'counter' | 'state' | 'gauge' | 'moment'
  /** What makes its values its own. */
  readonly place: number
}

/** How many of them a house has: what the exporters show one by one at most, and of what they do not limit, plenty. */
export interface Size {
  readonly statements: number
  readonly tables: number
  readonly indexes: number
  readonly routes: number
  readonly commands: number
  readonly databases: number
}

const widthsOf = ({
  statements,
  tables,
  indexes,
  routes,
  commands,
  databases,
}: Size): Readonly<Record<string, number>> => ({
  queryid: statements,
  relname: tables,
  indexrelname: indexes,
  sequencename: tables,
  route: routes,
  cmd: commands,
  command: commands,
  datname: databases,
  db: databases,
  rule_group: 40,
  mountpoint: 8,
  device: 8,
})

/** Of the labels that are not limited: how many sets a metric has at most; all outcomes of all jobs are some fifty. */
const mostSets = 60

const exactly = /^[\w .,|+<>-]*$/
const alternatives = ({ operator, value }: Selected['matchers'][number]) => {
  if (operator === '=') return value === '' || value.startsWith('$') ? [] : [value]
  return operator === '=~' && exactly.test(value) ? value.split('|').filter((one) => /^[\w -]+$/.test(one)) : []
}

/** What somebody asks for by name: values by label, and by metric the sets that are asked for together. */
const askedFor = (selectors: readonly Selected[]) => {
  const values = new Map<string, Set<string>>()
  const sets = new Map<string, Map<string, Labels>>()
  for (const { name, matchers } of selectors) {
    const known = matchers.flatMap((one) => {
      const some = alternatives(one)
      for (const value of some) values.set(one.label, (values.get(one.label) ?? new Set()).add(value))
      return some.length > 0 && one.label !== 'le' ? [[one.label, some[0] ?? ''] as const] : []
    })
    const own = Object.fromEntries(known.filter(([label]) => label !== 'job' && label !== 'instance'))
    sets.set(name, (sets.get(name) ?? new Map()).set(JSON.stringify(own), own))
  }
  return { values, sets }
}

const bounds = ({ buckets = [] }: Definition) => [...buckets.map(String), '+Inf']

const partsOf = (metric: Definition): readonly { readonly name: string; readonly le?: readonly string[] }[] =>
  metric.type === 'histogram'
    ? [
        { name: `${metric.name}_bucket`, le: bounds(metric) },
        { name: `${metric.name}_count` },
        { name: `${metric.name}_sum` },
      ]
    : [{ name: metric.name }]

const kindOf = ({ name, type }: Definition): HouseSeries['kind'] => {
  if (type === 'counter' || type === 'histogram') return 'counter'
  if (/timestamp|_start_time_/.test(name)) return 'moment'
  return /(?:^|_)(?:up|success|successful|info)$/.test(name) ? 'state' : 'gauge'
}

/** What is asked for: by the dashboards, their marks, the rules that record for them, and `others`. */
const everySelector = (dashboards: readonly Dashboard[], others: readonly string[]): readonly Selected[] => {
  const rules = Object.values(ruleFiles())
    .flat()
    .flatMap((group) => group.rules)
  const asking = [
    ...dashboards.flatMap(({ json, asked }) => [
      ...asked.map(({ expr }) => expr),
      ...(json.annotations?.list ?? []).flatMap(({ expr }) => expr ?? []),
    ]),
    ...rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.expr])),
    ...others,
  ]
  return asking.flatMap((expr) => selectedBy(filledIn(expr)))
}

/** Values of labels as real servers had them, but for those that differ from run to run. */
const seenValues: readonly (readonly [label: string, value: string])[] = Object.values(recording)
  .flatMap((names) => Object.values(names))
  .flatMap(({ examples }) => examples.flatMap((one) => Object.entries(one)))
  .filter(([, value]) => !value.startsWith('<'))

/** The sets of labels that a metric has: those asked for, each as often as its widest label has values. */
const setting = (selectors: readonly Selected[], size: Size) => {
  const { values, sets } = askedFor(selectors)
  for (const [label, value] of seenValues) values.set(label, (values.get(label) ?? new Set()).add(value))
  const widths = new Map(Object.entries(widthsOf(size)))
  const listed = new Map([...values].map(([label, some]) => [label, [...some].sort()] as const))
  const labelAt = (label: string, at: number) => {
    const width = widths.get(label)
    if (width !== undefined) return `${label}_${at % width}`
    const some = listed.get(label) ?? [`a ${label}`]
    return some[at % some.length] ?? ''
  }
  const countOf = (labels: readonly string[]) => {
    const width = Math.max(...labels.map((label) => widths.get(label) ?? 1))
    const product = labels.reduce((all, label) => all * (listed.get(label)?.length ?? 1), 1)
    return width > 1 ? width : Math.min(mostSets, product)
  }
  return (name: string, labels: readonly string[]): readonly Labels[] => {
    const found = [...(sets.get(name)?.values() ?? [])].flatMap((asked) =>
      Array.from({ length: countOf(labels) }, (_, at) =>
        Object.fromEntries(labels.map((label) => [label, asked[label] ?? labelAt(label, at)])),
      ),
    )
    return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
  }
}

const isJob = (name: string): name is keyof typeof scraped => Object.hasOwn(scraped, name)

/** Alerts that fire, one of each name that anybody asks for and a few more: Prometheus itself makes these. */
const firing = (selectors: readonly Selected[]): readonly HouseSeries[] => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((letter) => `Example${letter}`)
  const told = names.flatMap((alertname, place) => {
    const severity = ['critical', 'high', 'medium', 'low'][place % 4] ?? ''
    const labels = { alertname, severity, owner: 'platform', job: 'postgres', instance: 'main' }
    return [
      { name: alerts.name, labels: { ...labels, alertstate: 'firing' }, kind: 'state', place } as const,
      { name: alertsForState.name, labels, kind: 'moment', place } as const,
    ]
  })
  return told.filter(({ name }) => selectors.some((one) => one.name === name))
}

/**
 * Every series that the dashboards, the rules that record for them, or `others` ask for: as many as an installation of this size
 * has, with the labels that they are declared with and the values that are asked for.
 * @param others expressions
 */
export const house = (
  dashboards: readonly Dashboard[],
  size: Size,
  others: readonly string[] = [],
): readonly HouseSeries[] => {
  const selectors = everySelector(dashboards, others)
  const setsOf = setting(selectors, size)
  const targets = [...served.keys()].filter(isJob).flatMap((job) => {
    const common = [up, scrapeDuration, samplesScraped]
    return [...(served.get(job) ?? []), ...common].map((metric) => ({ metric, target: scraped[job] }))
  })
  const made = targets.flatMap(({ metric, target }) =>
    partsOf(metric).flatMap(({ name, le = [undefined] }) =>
      setsOf(name, metric.labels).flatMap((own, place) =>
        le.map((bound, rank) => ({
          name,
          labels: { ...own, ...(bound !== undefined && { le: bound }), ...target },
          kind: kindOf(metric),
          // Of buckets each holds what those before it hold.
          place: bound === undefined ? place : rank,
        })),
      ),
    ),
  )
  // Some are declared by two, such as what every process tells of itself.
  const each = [...made, ...firing(selectors)].map((one) => [JSON.stringify([one.name, one.labels]), one] as const)
  return [...new Map(each).values()]
}
