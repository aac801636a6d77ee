import { type Alert, isAlert, type RecordingRule, type RuleGroup } from '../../alerts/alert.ts'
import { ruleFiles } from '../../alerts/index.ts'
import type { Duration } from '../../metrics/promql.ts'
import { secondsIn } from './duration.ts'
import { type Files, filesOf } from './files.ts'
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

/** What queries find, each at its time, exactly as long as values are whole numbers. */
export interface Onset extends Situation {
  readonly rule: Alert
  readonly asks: readonly {
    readonly at: Duration
    readonly expr: string
    readonly finds: readonly { readonly labels: string; readonly value: number }[]
  }[]
}

export type Question = Case | Reading | Onset

const everyMinute: Duration = '1m'
export const stepOf = ({ step = everyMinute }: Situation): Duration => step

const everyGroup = Object.values(ruleFiles()).flat()

/** Groups that read each other are of one subject. */
const subjectOf = ({ name }: RuleGroup) =>
  name.replace(/-(events|shares|months|periods|meta|(slow-)?alerts|records)$/, '')

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

/** The alert of this id. */
export const alertNamed = (id: string): Alert => {
  const found = everyAlert.find((one) => one.id === id)
  if (!found) throw new Error(`there is no alert ${id}`)
  return found
}

const isSame = (rule: Alert | RecordingRule, other: Alert | RecordingRule) =>
  isAlert(rule)
    ? isAlert(other) && rule.id === other.id
    : !isAlert(other) && rule.name === other.name && rule.expr === other.expr

const subjectWith = (one: Alert | RecordingRule) => {
  const found = Object.entries(subjects).find(([, groups]) =>
    groups.some(({ rules }) => rules.some((rule) => isSame(rule, one))),
  )
  if (!found) throw new Error(`${isAlert(one) ? one.id : one.name} stands in no rule file`)
  return found
}

/** The groups of rules that an alert stands among. */
export const subjectOfAlert = (alert: Alert): readonly RuleGroup[] => subjectWith(alert)[1]

/** All labels that the alert arrives with, its name left out. */
export const labelsOf = ({ rule, labels }: Firing): Readonly<Record<string, string>> => ({ ...labels, ...rule.labels })

/** A part that is only there where the series has the label. */
const parted = (firing: Firing, text: string) =>
  text.replace(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_, label: string, part: string) => {
    const value = labelsOf(firing)[label]
    return value ? part.replaceAll('{{ . }}', value) : ''
  })

const render = (firing: Firing) => (text: string) =>
  parted(firing, text).replace(/\{\{ \$(?:labels\.(\w+)|value \| \w+) \}\}/g, (_, label: string | undefined) => {
    const said = label === undefined ? firing.value : labelsOf(firing)[label]
    if (said === undefined) throw new Error(`${firing.rule.id} says ${label ?? 'its value'}: the case has none`)
    return said
  })

const annotationsOf = (firing: Firing) => {
  const { summary, action } = firing.rule.annotations
  const rendered = { summary: render(firing)(summary), action: render(firing)(action) }
  const left = Object.values(rendered).find((text) => text.includes('{{'))
  if (left) throw new Error(`${firing.rule.id}: could not render ${left}`)
  return rendered
}

const selector = (labels: Readonly<Record<string, string>>) =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

/** A label without a value is none. */
const present = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))

/** How long it was known before it fired: its delay exactly, up to the next evaluation. */
const testOfDelay = (alertname: string, firing: Firing, one: Case) => {
  const [at, step] = [one.at, stepOf(one)]
  const state = (more: Readonly<Record<string, string>>) => selector({ alertname, ...labelsOf(firing), ...more })
  const firings = `timestamp(ALERTS${state({ alertstate: 'firing' })})`
  const known = `${firings} - ignoring (alertstate) ALERTS_FOR_STATE${state({})}`
  const delay = Math.ceil(secondsIn(firing.rule.for) / secondsIn(step)) * secondsIn(step)
  return {
    eval_time: at,
    expr: `min_over_time((${known})[${at}:${step}])`,
    exp_samples: [{ labels: selector(present({ alertname, ...labelsOf(firing) })), value: delay }],
  }
}

/** What is expected of the alerts of a case, by the name that they have in Prometheus. */
export const testOfCase = (one: Case, alertnames: readonly string[] = [one.about.alert]) => {
  const expected = one.fires.map((firing) => ({ exp_labels: labelsOf(firing), exp_annotations: annotationsOf(firing) }))
  return {
    alert_rule_test: alertnames.map((alertname) => ({ eval_time: one.at, alertname, exp_alerts: expected })),
    promql_expr_test: alertnames.flatMap((alertname) => one.fires.map((firing) => testOfDelay(alertname, firing, one))),
  }
}

const testOfReading = (one: Reading) => {
  const labels = selector(one.labels)
  const samples = one.value === undefined ? [] : [{ labels, value: one.value }]
  return {
    promql_expr_test: [{ eval_time: one.at, expr: `round(${one.rule.name}${labels}, 0.01)`, exp_samples: samples }],
  }
}

const isCase = (one: Question): one is Case => 'about' in one

const testOfOnset = ({ asks }: Onset) => ({
  promql_expr_test: asks.map(({ at, expr, finds }) => ({ eval_time: at, expr, exp_samples: finds })),
})

const testOf = (one: Question) => {
  if (isCase(one)) return testOfCase(one)
  return 'asks' in one ? testOfOnset(one) : testOfReading(one)
}

/** What one process of promtool is asked at once: situations that the same rules judge, in steps of the same length. */
export interface Batch {
  readonly name: string
  readonly asked: readonly Question[]
  readonly files: Files
}

const batchOf = (subject: string, groups: readonly RuleGroup[], asked: readonly Question[]): Batch => {
  const step = asked[0] ? stepOf(asked[0]) : everyMinute
  const trials = asked.map((one) => ({ name: one.name, input_series: one.series, ...testOf(one) }))
  return { name: `${subject}, every ${step}`, asked, files: filesOf(groups, step, trials) }
}

/** All that is asked, in as few batches as there can be. */
export const batches = (every: readonly Question[]): readonly Batch[] => {
  const found = new Map<string, Question[]>()
  for (const one of every) {
    const [subject] = subjectWith(isCase(one) ? one.about : one.rule)
    const key = JSON.stringify([subject, stepOf(one)])
    found.set(key, [...(found.get(key) ?? []), one])
  }
  return [...found.values()].map((asked) => {
    const [first] = asked
    if (!first) throw new Error('a batch asks nothing')
    const [subject, groups] = subjectWith(isCase(first) ? first.about : first.rule)
    return batchOf(subject, groups, asked)
  })
}

/** Each question of a batch by itself, to find the one that fails. */
export const apart = (batch: Batch): readonly Batch[] => batch.asked.flatMap((one) => batches([one]))
