import type { Alert, RecordingRule, RuleGroup } from '../../alerts/alert.ts'
import { ruleFiles } from '../../alerts/index.ts'
import { yaml } from '../../compose/yaml.ts'
import type { Duration } from '../../metrics/promql.ts'
import type { InputSeries } from './series.ts'

/** An alert that must be firing: the labels of the series it fires for, and its value as its summary prints it. */
export interface Firing {
  readonly rule: Alert
  readonly labels: Readonly<Record<string, string>>
  readonly value?: string
}

/** What the series are, and when one looks. Samples and evaluations are `step` apart. */
interface Situation {
  /** A sentence. */
  readonly name: string
  readonly series: readonly InputSeries[]
  readonly at: Duration
  readonly step?: Duration
}

/** All alerts of one name that fire in a situation. Proves `about`: that it fires where it is among them, that it is quiet otherwise. */
export interface Case extends Situation {
  readonly about: Alert
  readonly fires: readonly Firing[]
}

/** What a recording rule has computed, to the second decimal: Prometheus 2 and 3 see a sample more or less in a window. */
export interface Reading extends Situation {
  readonly rule: RecordingRule
  readonly labels: Readonly<Record<string, string>>
  /** Undefined where the series must be absent. */
  readonly value: number | undefined
}

/** Alerts of one name differ in their labels. */
export const keyOf = ({ alert, labels }: Pick<Alert, 'alert' | 'labels'>): string =>
  [alert, labels.slo_window].filter(Boolean).join(' over ')

export const isAlert = (rule: Alert | RecordingRule): rule is Alert => 'alert' in rule

const everyGroup = Object.values(ruleFiles()).flat()

const subjectOf = ({ name }: RuleGroup) => name.replace(/-(events|periods|budget|alerts)$/, '')

/** Every rule once, in one file per subject: those of one promise need not be evaluated to prove another. */
export const subjects: Readonly<Record<string, readonly RuleGroup[]>> = Object.fromEntries(
  [...new Set(everyGroup.map(subjectOf))].map((subject) => [
    subject,
    everyGroup.filter((group) => subjectOf(group) === subject),
  ]),
)

const everyRule = everyGroup.flatMap(({ rules }) => rules)

export const everyAlert: readonly Alert[] = everyRule.filter(isAlert)

export const everyRecording: readonly RecordingRule[] = everyRule.flatMap((rule) => (isAlert(rule) ? [] : [rule]))

/** The alert of this name, and over this window where there are several. */
export const alertNamed = (name: string, window?: string): Alert => {
  const found = everyAlert.find(({ alert, labels }) => alert === name && labels.slo_window === window)
  if (!found) throw new Error(`there is no alert ${name}${window ? ` over ${window}` : ''}`)
  return found
}

const isSame = (rule: Alert | RecordingRule, other: Alert | RecordingRule) =>
  isAlert(rule)
    ? isAlert(other) && keyOf(rule) === keyOf(other)
    : !isAlert(other) && rule.name === other.name && rule.expr === other.expr

const subjectWith = (one: Alert | RecordingRule) => {
  const found = Object.entries(subjects).find(([, groups]) =>
    groups.some(({ rules }) => rules.some((rule) => isSame(rule, one))),
  )
  if (!found) throw new Error(`${isAlert(one) ? keyOf(one) : one.name} stands in no rule file`)
  return found
}

/** All labels that the alert arrives with, its name left out. */
export const labelsOf = ({ rule, labels }: Firing): Readonly<Record<string, string>> => ({ ...labels, ...rule.labels })

const render = (firing: Firing) => (text: string) =>
  text.replace(/\{\{ \$(?:labels\.(\w+)|value \| \w+) \}\}/g, (_, label: string | undefined) => {
    const said = label === undefined ? firing.value : labelsOf(firing)[label]
    if (said === undefined) throw new Error(`${keyOf(firing.rule)} says ${label ?? 'its value'}: the case has none`)
    return said
  })

const annotationsOf = (firing: Firing) => {
  const { summary, action } = firing.rule.annotations
  const rendered = { summary: render(firing)(summary), action: render(firing)(action) }
  const left = Object.values(rendered).find((text) => text.includes('{{'))
  if (left) throw new Error(`${keyOf(firing.rule)}: could not render ${left}`)
  return rendered
}

const document = ({ series, step = '1m' }: Situation, rule: Alert | RecordingRule, tests: object) => {
  const [subject, groups] = subjectWith(rule)
  return yaml({
    rule_files: [`${subject}.yml`],
    evaluation_interval: step,
    // Left to itself, promtool evaluates groups in a random order, and what one reads of another is a step late or not.
    group_eval_order: groups.map(({ name }) => name),
    tests: [{ interval: step, input_series: series, ...tests }],
  })
}

export const printCase = (one: Case): string => {
  const expected = one.fires.map((firing) => ({ exp_labels: labelsOf(firing), exp_annotations: annotationsOf(firing) }))
  return document(one, one.about, {
    alert_rule_test: [{ eval_time: one.at, alertname: one.about.alert, exp_alerts: expected }],
  })
}

const selector = (labels: Readonly<Record<string, string>>) =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

export const printReading = (one: Reading): string => {
  const labels = selector(one.labels)
  const samples = one.value === undefined ? [] : [{ labels, value: one.value }]
  return document(one, one.rule, {
    promql_expr_test: [{ eval_time: one.at, expr: `round(${one.rule.name}${labels}, 0.01)`, exp_samples: samples }],
  })
}
