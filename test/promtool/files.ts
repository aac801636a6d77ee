import type { RuleGroup } from '../../alerts/alert.ts'
import { ruleFile } from '../../compose/rule-file.ts'
import { yaml } from '../../compose/yaml.ts'
import type { Duration } from '../../metrics/promql.ts'
import type { InputSeries } from './series.ts'

/** A situation and what must be true in it, in promtool's words. */
export interface Trial {
  readonly name: string
  readonly input_series: readonly InputSeries[]
  readonly alert_rule_test?: readonly object[]
  readonly promql_expr_test?: readonly object[]
}

/** What one run of promtool reads: rules and a test of them, by file name. */
export type Files = Readonly<Record<'rules.yml' | 'test.yml', string>>

/** @param step between samples, and between evaluations */
export const filesOf = (groups: readonly RuleGroup[], step: Duration, trials: readonly Trial[]): Files => ({
  'rules.yml': yaml(ruleFile(groups)),
  'test.yml': yaml({
    rule_files: ['rules.yml'],
    evaluation_interval: step,
    // Left to itself, promtool evaluates groups in a random order, and what one reads of another is a step late or not.
    group_eval_order: groups.map(({ name }) => name),
    tests: trials.map((trial) => ({ ...trial, interval: step })),
  }),
})
