import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import type { RuleGroup } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import type { Definition } from '../../../metrics/metric.ts'
import { everyRecording, isAlert } from '../../promtool/case.ts'
import { everyMetric } from '../../promtool/series.ts'

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}
interface Selected {
  readonly name: string
  readonly matchers: readonly Matcher[]
}

const errorsIn = (promql: string) => {
  const errors: string[] = []
  parser.parse(promql).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(`at ${from}: ${promql.slice(from, to + 20)}`)
    },
  })
  return errors
}

const selectedBy = (promql: string): readonly Selected[] => {
  const found: Selected[] = []
  parser.parse(promql).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return
      const text = ({ from, to }: { readonly from: number; readonly to: number }) => promql.slice(from, to)
      const identifier = node.getChild('Identifier')
      const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => {
        const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((part) => {
          const child = matcher.getChild(part)
          return child ? text(child) : ''
        })
        return { label: label ?? '', operator: operator ?? '', value: String(JSON.parse(value || '""')) }
      })
      found.push({ name: identifier ? text(identifier) : '', matchers })
    },
  })
  return found
}

const sloOf = (matchers: readonly Matcher[]) => matchers.find(({ label }) => label === 'slo')?.value

/** The metric a series belongs to, and the labels it has beside those of its target. */
const namesServed = ({ name, type, labels }: Definition) =>
  type === 'histogram'
    ? [
        { name: `${name}_bucket`, labels: [...labels, 'le'] },
        { name: `${name}_count`, labels },
        { name: `${name}_sum`, labels },
      ]
    : [{ name, labels }]

const served = new Map(everyMetric.flatMap(namesServed).map(({ name, labels }) => [name, labels]))
const bounds = new Map(everyMetric.map(({ name, buckets = [] }) => [`${name}_bucket`, buckets]))

const groups: readonly RuleGroup[] = Object.values(ruleFiles()).flat()
const named = (rule: RuleGroup['rules'][number]) => (isAlert(rule) ? rule.alert : rule.name)
const rules = groups.flatMap((group) =>
  group.rules.map((rule, i) => [`${group.name}, rule ${i + 1} (${named(rule)})`, rule.expr] as const),
)

const faultOf = ({ name, matchers }: Selected): string | undefined => {
  const labels = served.get(name)
  if (labels) {
    const unknown = matchers.find(({ label }) => ![...labels, 'job', 'instance'].includes(label))
    if (unknown) return `${name} has no label ${unknown.label}`
    const le = matchers.find(({ label }) => label === 'le')?.value
    const isBucket = le === undefined || bounds.get(name)?.some((bound) => new RegExp(`^(${le})$`).test(String(bound)))
    return isBucket ? undefined : `${name} has no bucket ${le}`
  }
  const slo = sloOf(matchers)
  const isRecorded = everyRecording.some((one) => one.name === name && one.labels.slo === slo)
  return isRecorded ? undefined : `${name} of ${slo} is neither exported nor recorded`
}

describe.each(rules)('%s', (_name, expr) => {
  test('is PromQL', () => {
    expect(errorsIn(expr)).toEqual([])
  })

  test('asks only for metrics, labels and buckets that are exported or recorded', () => {
    expect(selectedBy(expr).flatMap((one) => faultOf(one) ?? [])).toEqual([])
  })
})

describe.each(groups.map((group) => [group.name, group] as const))('the group %s', (_name, group) => {
  test('reads nothing that it records itself, which some rulers store only later', () => {
    const recorded = new Set(group.rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.name])))
    const read = group.rules.flatMap(({ expr }) => selectedBy(expr).map(({ name }) => name))
    expect(read.filter((name) => recorded.has(name))).toEqual([])
  })
})

describe('what looks for faults', () => {
  test.each([
    ['sum(rate(', 1],
    ['up == ', 1],
    ['sum by (job) (up)', 0],
  ])('finds them in %s', (promql, least) => {
    expect(errorsIn(promql).length).toBeGreaterThanOrEqual(least)
    if (least === 0) expect(errorsIn(promql)).toEqual([])
  })

  test.each([
    ['rate(http_requests_totl[5m])', 'http_requests_totl of undefined is neither exported nor recorded'],
    ['rate(http_requests_total{code="500"}[5m])', 'http_requests_total has no label code'],
    ['http_request_duration_seconds_bucket{le="0.3"}', 'http_request_duration_seconds_bucket has no bucket 0.3'],
    ['slo:error:ratio_rate1h{slo="http"}', 'slo:error:ratio_rate1h of http is neither exported nor recorded'],
  ])('names what nobody exports in %s', (promql, fault) => {
    expect(selectedBy(promql).map(faultOf)).toEqual([fault])
  })
})
