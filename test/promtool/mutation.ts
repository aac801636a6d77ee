import { type Alert, isAlert, type RuleGroup } from '../../alerts/alert.ts'
import type { Program } from '../../compose/local/find-program.ts'
import type { Duration } from '../../metrics/promql.ts'
import { type Asking, asking } from './ask.ts'
import { type Case, everyRecording, stepOf, subjectOfAlert, testOfCase } from './case.ts'
import { filesOf } from './files.ts'
import { everyCase } from './index.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { nodesOf, textOf } from './promql-edit.ts'

/** What a case expects of this alert alone: another may have its name. */
const casesOf = (alert: Alert, every: readonly Case[]): readonly Case[] =>
  every
    .filter(({ about }) => about.alert === alert.alert)
    .map((one) => ({ ...one, about: alert, fires: one.fires.filter(({ rule }) => rule.id === alert.id) }))

const nameOf = ({ series }: { readonly series: string }) => series.replace(/\{.*/, '')
const recorded = new Set(everyRecording.map(({ name }) => name))
const reads = ({ expr }: Alert) => nodesOf(expr, ['Identifier']).some((node) => recorded.has(textOf(expr, node)))

/** The recordings of the alert's subject, where any are read, and in the place of the alert those that are tried. */
const groupsFor = (alert: Alert, tried: readonly Alert[]): readonly RuleGroup[] =>
  subjectOfAlert(alert).map((group) => ({
    ...group,
    rules: group.rules.flatMap((rule): RuleGroup['rules'] => {
      if (!isAlert(rule)) return tried.some(reads) ? [rule] : []
      return rule.id === alert.id ? tried : []
    }),
  }))

const filesFor = (cases: readonly Case[], step: Duration, alert: Alert, tried: readonly Alert[]) => {
  const names = tried.map((one) => one.alert)
  const trials = cases.map((one) => ({ name: one.name, input_series: one.series, ...testOfCase(one, names) }))
  return filesOf(
    groupsFor(alert, tried).filter(({ rules }) => rules.length > 0),
    step,
    trials,
  )
}

/** Names of alerts that failed a case, or could not be evaluated, which ends a case for all others. */
const failedIn = (output: string) => {
  const named = (pattern: RegExp) => new Set([...output.matchAll(pattern)].map(([, name = '']) => name))
  const unevaluated = named(/^\s*rule: (\S+), time: \S+, err: /gm)
  return { unevaluated, failed: named(/alertname(?:: |=\\?")(\w+)/g) }
}

/** Which of the alerts, by name, fail a case. */
const failing = async (ask: Asking, cases: readonly Case[], alert: Alert, tried: readonly Alert[]) => {
  const failed = new Set<string>()
  for (const step of new Set(cases.map(stepOf))) {
    const together = cases.filter((one) => stepOf(one) === step)
    for (let left = tried.filter((one) => !failed.has(one.alert)); left.length > 0; ) {
      const { holds, output } = await ask(filesFor(together, step, alert, left))
      const found = failedIn(output)
      for (const name of [...found.failed, ...found.unevaluated]) failed.add(name)
      if (holds || found.unevaluated.size === 0) {
        if (!holds && found.failed.size === 0) throw new Error(`${alert.id}: promtool says ${output}`)
        break
      }
      left = left.filter((one) => !failed.has(one.alert))
    }
  }
  return failed
}

/** The mutants of an alert, and those among them that none of its cases notices. */
export interface Outcome {
  readonly alert: Alert
  readonly planted: readonly Mutant[]
  readonly survived: readonly Mutant[]
}

/**
 * Plants every slip into an alert.
 * @param every the cases that may notice it
 * @throws Error where a case fails without any mutation
 */
export const mutate = async (promtool: Program, alert: Alert, every = everyCase): Promise<Outcome> => {
  const cases = casesOf(alert, every)
  const present = new Set(cases.flatMap(({ series }) => series.map(nameOf)))
  const planted = mutantsOf(alert, present)
  const sound = { ...alert, alert: `${alert.alert}_sound` }
  const named = planted.map((mutant, i) => ({ ...mutant.alert, alert: `${alert.alert}_${i}` }))
  const { ask, end } = asking(promtool)
  const failed = await failing(ask, cases, alert, [sound, ...named]).finally(end)
  if (failed.has(sound.alert)) throw new Error(`${alert.id} fails its own cases`)
  return { alert, planted, survived: planted.filter((_, i) => !failed.has(`${alert.alert}_${i}`)) }
}
