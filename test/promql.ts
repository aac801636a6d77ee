import { parser } from '@prometheus-io/lezer-promql'
import { type Selected, type SelectedMatcher, selectedBy } from '../compose/mimir/selected.ts'
import type { Definition } from '../metrics/metric.ts'
import { everyRecording } from './promtool/case.ts'
import { ofAlerts } from './promtool/recorded/asked.ts'
import { everyMetric } from './promtool/series.ts'

export { type Selected, selectedBy }

/** What of it is no PromQL. */
export const errorsIn = (promql: string) => {
  const errors: string[] = []
  parser.parse(promql).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(`at ${from}: ${promql.slice(from, to + 20)}`)
    },
  })
  return errors
}

/** As Grafana fills in the ranges that it knows of; a choice stays, for it stands inside a string. */
export const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', '1h')

/** Longer than Grafana's, and nobody's by chance: it is told from a fixed one. */
export const rateInterval = '61s'

/** A series that is asked for, and the range and the function that it is asked with. */
export interface Ranged {
  readonly name: string
  readonly range?: string
  readonly by?: string
}

/** Every series, with what is done to it first. */
export const rangedIn = (promql: string): readonly Ranged[] => {
  const found: Ranged[] = []
  const text = ({ from, to }: { readonly from: number; readonly to: number }) => promql.slice(from, to)
  parser.parse(promql).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') return
      const identifier = node.getChild('Identifier')
      const own = { name: identifier ? text(identifier) : '' }
      const range = node.parent?.name === 'MatrixSelector' ? node.parent : undefined
      const duration = range?.getChild('DurationExpr')
      let call = range?.parent
      while (call && call.name !== 'FunctionCall') call = call.parent
      const by = call?.getChild('FunctionIdentifier')
      found.push(range && duration && by ? { ...own, range: text(duration), by: text(by) } : own)
    },
  })
  return found
}

const sloOf = (matchers: readonly SelectedMatcher[]) => matchers.find(({ label }) => label === 'slo')?.value

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

/** Why nothing can be found: nobody exports or records such a series. */
export const faultOf = ({ name, matchers }: Selected): string | undefined => {
  const labels = served.get(name)
  if (labels) {
    const unknown = ofAlerts.includes(name)
      ? undefined
      : matchers.find(({ label }) => ![...labels, 'job', 'instance'].includes(label))
    if (unknown) return `${name} has no label ${unknown.label}`
    const le = matchers.find(({ label }) => label === 'le')?.value
    const isBucket = le === undefined || bounds.get(name)?.some((bound) => new RegExp(`^(${le})$`).test(String(bound)))
    return isBucket ? undefined : `${name} has no bucket ${le}`
  }
  const slo = sloOf(matchers)
  const isRecorded = everyRecording.some((one) => one.name === name && one.labels.slo === slo)
  return isRecorded ? undefined : `${name} of ${slo} is neither exported nor recorded`
}
