import type { Finding } from './rules.ts'

/** What a rule finds and is right as it is, as `.lint` of dashboard-linter has it. */
export interface Exclusion {
  readonly rule: string
  readonly reason: string
  /** Everything that the rule finds, where it does not say of what. */
  readonly of?: (finding: Finding) => boolean
}

const panels =
  (...titles: readonly string[]) =>
  ({ panel }: Finding) =>
    titles.includes(panel ?? '')

const ofOneMetric =
  'Nearly every metric is one exporter’s, and its name says the job; that what several jobs serve is asked of one of them is tested by ' +
  'itself. What its series are chosen by has a name of its own (api, postgres, redis ...), so that a link carries each choice along ' +
  'between dashboards that are about several.'

export const exclusions: readonly Exclusion[] = [
  { rule: 'template-job-rule', reason: ofOneMetric },
  { rule: 'template-instance-rule', reason: ofOneMetric },
  { rule: 'target-job-rule', reason: ofOneMetric },
  {
    rule: 'target-instance-rule',
    reason: `${ofOneMetric} That each query asks about the chosen target only is tested by itself.`,
  },
  {
    rule: 'target-rate-interval-rule',
    reason: 'They tell of the whole range that is shown, as one value or one row.',
    of: panels('From the alert to the answer and the end, in this range', 'Routes', 'Ended well'),
  },
  {
    rule: 'target-rate-interval-rule',
    reason: 'It shows what the alert sees, over the window that the alert has.',
    of: ({ dashboard }) => dashboard.startsWith('techplus-alerts-'),
  },
  {
    rule: 'target-counter-agg-rule',
    reason: 'Whether an integration was ever used is what the counter itself tells.',
    of: panels('Notifications', 'Notifications that failed'),
  },
  {
    rule: 'target-counter-agg-rule',
    reason: 'They are gauges that prom-client has named so for years.',
    of: panels('HandlesLeaking', 'Sockets, timers and files in use'),
  },
  {
    rule: 'target-counter-agg-rule',
    reason: 'It stands in an increase, of its value at each minute: a day of every sample would be dear.',
    of: panels('Runs within a day, by outcome'),
  },
  {
    rule: 'target-counter-agg-rule',
    reason: 'Prometheus counts what it finds as it starts: the first value is the fault, and there is no second.',
    of: panels('PrometheusWalCorrupted'),
  },
]
