import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { selectedBy } from '../../../compose/mimir/selected.ts'
import { models } from '../../../dashboards/index.ts'
import { everyVariable, parts } from '../../../dashboards/variables.ts'
import { asksOf, filledFor } from '../panels/cost.ts'

/** Something that is asked of whoever keeps the series. */
export interface Asked {
  /** Who asks. */
  readonly name: string
  readonly promql: string
  /** Asked for now, over a range, which values a label has, for single requests, or how series are called. */
  readonly as: 'now' | 'range' | 'values' | 'exemplars' | 'names'
  /** Names of the series that it reads, those that rules make among them. */
  readonly reads: readonly string[]
}

/** As long as a minute of scrapes holds several samples, whoever asks. */
const spans = { rate: '1m', range: '5m' } as const

const asked = (name: string, expr: string, as: Asked['as']): Asked => {
  const promql = filledFor(expr, spans)
  return { name, promql, as, reads: [...new Set(selectedBy(promql).map((one) => one.name))] }
}

const byRules = () =>
  Object.values(ruleFiles())
    .flat()
    .flatMap(({ name, rules }) =>
      rules.map((rule) => asked(`rule ${name}: ${isAlert(rule) ? rule.id : rule.name}`, rule.expr, 'now')),
    )

const byPanels = () =>
  models.flatMap((one) =>
    asksOf(one).flatMap(({ panel, asked: asks }) =>
      asks.map(({ expr, isRange }) => asked(`${one.uid}: ${panel}`, expr, isRange ? 'range' : 'now')),
    ),
  )

const byExemplars = () =>
  models.flatMap(({ uid, json }) =>
    (json.panels ?? []).flatMap((panel) =>
      ('targets' in panel ? (panel.targets ?? []) : []).flatMap((target) =>
        'exemplar' in target && target.exemplar && 'expr' in target
          ? asked(`${uid}: exemplars of ${panel.title}`, String(target.expr), 'exemplars')
          : [],
      ),
    ),
  )

const byChoices = () =>
  [...everyVariable, ...parts].map(({ name, query }) =>
    asked(`choice ${name}`, query.replace(/^label_values\((.+), \w+\)$/, '$1'), 'values'),
  )

/** All that rules and dashboards ask, each once. */
export const everything = (): readonly Asked[] => {
  const all = [...byRules(), ...byPanels(), ...byExemplars(), ...byChoices()]
  return [...new Map(all.map((one) => [`${one.as} ${one.promql}`, one])).values()]
}
