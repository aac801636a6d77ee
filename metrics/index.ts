export { alerts, alertsForState, probeSuccess, up } from './foreign.ts'
export {
  type Bucketed,
  type Counter,
  counter,
  type Definition,
  type Gauge,
  gauge,
  type Histogram,
  histogram,
  type Matcher,
  matches,
  not,
  notMatches,
  type Recorded,
  recorded,
  type Series,
  type TargetLabel,
} from './metric.ts'
export * from './promql.ts'
export * from './share.ts'
