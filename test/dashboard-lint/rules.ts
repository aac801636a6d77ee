import { z } from 'zod'
import { unitIds } from '../../dashboards/unit.ts'
import { errorsIn, filledIn, rangedIn, rateInterval, selectedBy } from '../promql.ts'
import type { LintedChoice, LintedDashboard, LintedPanel, LintedTarget } from './shape.ts'

/**
 * The rules of grafana/dashboard-linter v0.2, under its names. Of each what its documentation asks for, and where that names kinds of panels,
 * all that draw values.
 */
export interface Finding {
  readonly dashboard: string
  /** Absent where it is the dashboard's own. */
  readonly panel?: string
  readonly says: string
}

export interface Rule {
  readonly id: string
  check(dashboard: LintedDashboard): readonly Finding[]
}

const drawn = ({ panels }: LintedDashboard) => panels.filter(({ type }) => type !== 'row' && type !== 'text')

const ofDashboard = (id: string, fault: (dashboard: LintedDashboard) => readonly string[]): Rule => ({
  id,
  check: (dashboard) => fault(dashboard).map((says) => ({ dashboard: dashboard.uid, says })),
})

const ofPanels = (id: string, fault: (panel: LintedPanel) => string | undefined): Rule => ({
  id,
  check: (dashboard) =>
    drawn(dashboard).flatMap((panel) => {
      const says = fault(panel)
      return says === undefined ? [] : [{ dashboard: dashboard.uid, panel: panel.title, says }]
    }),
})

const ofTargets = (id: string, fault: (expr: string, target: LintedTarget) => string | undefined): Rule => ({
  id,
  check: (dashboard) =>
    drawn(dashboard).flatMap((panel) =>
      panel.targets.flatMap((target) => {
        const says = fault(target.expr ?? '', target)
        return says === undefined
          ? []
          : [{ dashboard: dashboard.uid, panel: panel.title, says: `${target.refId}: ${says}` }]
      }),
    ),
})

const queryOf = ({ query }: LintedChoice) => (typeof query === 'object' ? query.query : (query ?? ''))
const asked = ({ templating }: LintedDashboard) => templating.list.filter(({ type }) => type === 'query')

/** `job` and `instance` by which a dashboard of any one job is made for several of them. */
const choiceOf = (name: 'job' | 'instance'): Rule =>
  ofDashboard(`template-${name}-rule`, ({ templating }) => {
    const found = templating.list.find((one) => one.name === name)
    if (!found) return [`has no choice ${name}`]
    return found.multi && found.allValue === '.+' ? [] : [`${name} is not for several, or for all of them`]
  })

const matcherOf = (name: 'job' | 'instance'): Rule =>
  ofTargets(`target-${name}-rule`, (expr) => {
    const without = selectedBy(filledIn(expr)).filter(
      ({ matchers }) =>
        !matchers.some(({ label, operator, value }) => label === name && operator === '=~' && value === `$${name}`),
    )
    return without.length > 0 ? `${without[0]?.name} has no ${name}=~"$${name}"` : undefined
  })

/** Grafana's own: what a query of a choice may ask. */
const choiceFunctions = /^(?:label_names|label_values|metrics|query_result)\((.+)\)$/

const isRate = (by: string | undefined) => by === 'rate' || by === 'irate'
interface Drawn {
  readonly name: string
  readonly unit: string | undefined
  /** Its values are shown as words. */
  readonly named: boolean
}

/** What a panel draws: each column of a table has a unit of its own. */
const valuesOf = (panel: LintedPanel): readonly Drawn[] => {
  const { defaults, overrides = [] } = panel.fieldConfig ?? {}
  const whole = { name: 'the panel', unit: defaults?.unit, named: (defaults?.mappings ?? []).length > 0 }
  if (panel.type !== 'table') return [whole]
  const { excluded, titles } = columnsOf(panel)
  const values = panel.targets.map(({ refId }) => `Value #${refId}`).filter((name) => !excluded.has(name))
  return values.map((value) => {
    const name = titles.get(value) ?? value
    const own = overrides.filter(({ matcher }) => matcher.options === name).flatMap(({ properties }) => properties)
    const unit = own.find(({ id }) => id === 'unit')?.value
    return { name, unit: typeof unit === 'string' ? unit : undefined, named: own.some(({ id }) => id === 'mappings') }
  })
}

const organised = z.object({
  excludeByName: z.record(z.string(), z.boolean()).default({}),
  renameByName: z.record(z.string(), z.string()).default({}),
})

const columnsOf = ({ transformations }: LintedPanel) => {
  const own = organised.parse(transformations.find(({ id }) => id === 'organize')?.options ?? {})
  const excluded = new Set(Object.keys(own.excludeByName).filter((name) => own.excludeByName[name]))
  return { excluded, titles: new Map(Object.entries(own.renameByName)) }
}

const isLoki = ({ datasource }: LintedTarget) => datasource?.type === 'loki'
const units = new Set<string>(Object.values(unitIds))

export const rules: readonly Rule[] = [
  ofDashboard('template-datasource-rule', ({ templating }) => {
    const sources = templating.list.filter(({ type }) => type === 'datasource')
    const [only] = sources
    if (sources.length !== 1 || !only) return [`has ${sources.length} choices of a data source`]
    return [
      ...(only.name === 'datasource' ? [] : [`it is named ${only.name}`]),
      ...(/^data source$/i.test(only.label) ? [] : [`it is labelled ${only.label}`]),
      ...(['prometheus', 'loki'].includes(queryOf(only)) ? [] : [`it is of ${queryOf(only)}`]),
    ]
  }),
  choiceOf('job'),
  choiceOf('instance'),
  ofDashboard('template-label-promql-rule', (dashboard) =>
    asked(dashboard).flatMap((one) => {
      const inside = choiceFunctions.exec(queryOf(one))?.[1]
      if (inside === undefined) return [`${one.name} asks by no function of Grafana: ${queryOf(one)}`]
      const selector = inside.replace(/,\s*\w+$/, '')
      return errorsIn(filledIn(selector)).map((error) => `${one.name}: ${error}`)
    }),
  ),
  ofDashboard('template-on-time-change-reload-rule', (dashboard) =>
    asked(dashboard)
      // 2 is Grafana's number for it.
      .filter(({ refresh }) => refresh !== 2)
      .map(({ name }) => `${name} is not asked again for another range of time`),
  ),
  ofPanels('panel-datasource-rule', ({ datasource }) =>
    datasource?.uid === '$datasource' || datasource?.uid === `\${datasource}`
      ? undefined
      : `its data source is ${datasource?.uid}, and not the chosen one`,
  ),
  ofPanels('panel-title-description-rule', ({ title, description }) =>
    title.trim() !== '' && description.trim() !== '' ? undefined : 'has no title, or no description',
  ),
  ofPanels('panel-units-rule', (panel) => {
    const bare = valuesOf(panel).find(({ unit, named }) => !named && !(unit !== undefined && units.has(unit)))
    return (
      bare &&
      (bare.unit === undefined ? `${bare.name} has no unit` : `${bare.name}: Grafana knows no unit ${bare.unit}`)
    )
  }),
  ofPanels('panel-no-targets-rule', ({ targets }) => (targets.length > 0 ? undefined : 'asks nothing')),
  ofTargets('target-logql-rule', (_expr, target) => (isLoki(target) ? 'asks Loki' : undefined)),
  ofTargets('target-logql-auto-rule', (_expr, target) => (isLoki(target) ? 'asks Loki' : undefined)),
  ofTargets('target-promql-rule', (expr) => errorsIn(filledIn(expr))[0]),
  ofTargets('target-rate-interval-rule', (expr) => {
    const fixed = rangedIn(filledIn(expr)).find(({ by, range }) => isRate(by) && range !== rateInterval)
    return fixed && `${fixed.by} of ${fixed.name} over ${fixed.range}, and not over $__rate_interval`
  }),
  matcherOf('job'),
  matcherOf('instance'),
  ofTargets('target-counter-agg-rule', (expr) => {
    const bare = rangedIn(filledIn(expr)).find(
      ({ name, by }) => name.endsWith('_total') && !isRate(by) && by !== 'increase',
    )
    return bare && `${bare.name} is a counter, and stands by itself`
  }),
  ofDashboard('uneditable-dashboard-rule', ({ editable }) => (editable ? ['can be edited in Grafana'] : [])),
]
