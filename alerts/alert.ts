import type { SeverityName } from '../config/sla.ts'
import type { Team } from '../config/teams.ts'
import type { Duration, Expr } from '../metrics/promql.ts'

/** What a sentence about an alert can quote: labels that its expression carries, and its value in the reader's units. */
export interface Said<Label extends string> {
  readonly label: (name: Label) => string
  readonly value: Readonly<Record<'plain' | 'percent' | 'duration' | 'bytes', string>>
}

interface AlertSpec<Label extends string, Owner extends string> {
  /** In CamelCase: what is wrong. Unique among all alerts. */
  readonly name: string
  /** Fires for each series that it finds. */
  readonly expr: Expr<Label>
  /** How long the expression must hold first. At least 1s, or the clock of its escalation restarts with Prometheus. */
  readonly for: Duration
  readonly severity: SeverityName
  readonly owner: Owner
  /** What is wrong, in one sentence. */
  readonly summary: (say: Said<Label>) => string
  /** What the one who is told does first. */
  readonly action: string | ((say: Said<Label>) => string)
  /** Added to every alert, for routing and for the reader. */
  readonly labels?: Readonly<Record<string, string>> & { readonly severity?: never; readonly owner?: never }
}

/** An alerting rule as Prometheus takes it. */
export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for: Duration
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<'summary' | 'action', string>>
}

const said: Said<string> = {
  label: (name) => `{{ $labels.${name} }}`,
  value: {
    plain: '{{ $value | humanize }}',
    percent: '{{ $value | humanizePercentage }}',
    duration: '{{ $value | humanizeDuration }}',
    bytes: '{{ $value | humanize1024 }}B',
  },
}

/** The same for alerts whose owners are named elsewhere than in `config/teams.ts`. */
export const alertOf = <Label extends string, const Owner extends string>(spec: AlertSpec<Label, Owner>): Alert => {
  const { name, expr, severity, owner, labels, summary, action } = spec
  if (expr.promql.includes('$__')) throw new Error(`${name}: only Grafana fills in $__ variables: write a duration`)
  return Object.freeze({
    alert: name,
    expr: expr.promql,
    for: spec.for,
    labels: Object.freeze({ severity, owner, ...labels }),
    annotations: Object.freeze({
      summary: summary(said),
      action: typeof action === 'string' ? action : action(said),
    }),
  })
}

export const alert = <Label extends string>(spec: AlertSpec<Label, Team>): Alert => alertOf(spec)

/** A recording rule as Prometheus takes it; every `Recorded` is one. */
export interface RecordingRule {
  readonly name: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
}

/** Rules that are evaluated one after the other. A rule never reads what another of its own group records. */
export interface RuleGroup {
  readonly name: string
  readonly rules: readonly (Alert | RecordingRule)[]
}
