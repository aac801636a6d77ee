import { describe, expect, test } from 'vitest'
import { isAlert, type RuleGroup } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { errorsIn, faultOf, selectedBy } from '../../promql.ts'

const groups: readonly RuleGroup[] = Object.values(ruleFiles()).flat()
const named = (rule: RuleGroup['rules'][number]) => (isAlert(rule) ? rule.alert : rule.name)
const rules = groups.flatMap((group) =>
  group.rules.map((rule, i) => [`${group.name}, rule ${i + 1} (${named(rule)})`, rule.expr] as const),
)

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
