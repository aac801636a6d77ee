import { type Override, overrides } from '../config/overrides.ts'
import { type Dimension, type Measure, measureOf, type Quantity } from '../config/quantity.ts'
import type { SeverityName } from '../config/sla.ts'
import type { Team } from '../config/teams.ts'
import type { Comparison, Duration, Expr } from '../metrics/promql.ts'

/** What a sentence about an alert can quote: labels that its expression carries, and its value in the reader's units. */
export interface Said<Label extends string> {
  readonly label: (name: Label) => string
  /** A part of the sentence that is only there where the label is: `{{ . }}` in it stands for its value. */
  readonly where: (name: Label, part: string) => string
  readonly value: Readonly<Record<'plain' | 'percent' | 'duration' | 'bytes', string>>
}

/** From which value on an alert fires. */
export interface Threshold {
  readonly is: Quantity
  /** What it may be set to. Beyond, it would always fire or never. */
  readonly least: Quantity
  readonly most: Quantity
  /** Where the number comes from: whose documentation or rules, or why it is ours. */
  readonly source: string
}

/** Something to look at, with the command that shows it, to be pasted as it stands. */
export interface Look {
  readonly look: string
  readonly sql?: string
  readonly shell?: string
}

/** What the one who is woken up needs, in the order in which it is needed. */
export interface Runbook {
  /** What the alert says, and how it is known. */
  readonly meaning: string
  /** Who feels it, and what happens if nobody does anything. */
  readonly impact: string
  readonly diagnosis: readonly [Look, ...Look[]]
  readonly mitigation: readonly [string, ...string[]]
}

/** What is judged: a state, or a value against a threshold. */
type Judgement<Label extends string> =
  | { readonly expr: Expr<Label>; readonly threshold?: never }
  | { readonly expr: (threshold: number) => Expr<Label>; readonly threshold: Threshold }

type AlertSpec<Label extends string, Owner extends string> = Judgement<Label> & {
  /** In CamelCase: what is wrong. Unique among all alerts, but for those of one promise. */
  readonly name: string
  /** Where several alerts have one name: the name and what tells them apart. */
  readonly id?: string
  /** What is drawn of it, where that does not follow from the expression. */
  readonly shows?: {
    /** Another comparison: that which the expression begins with is a condition, and not the fault. */
    readonly expr?: Pick<Expr<never>, 'comparisons'>
    readonly in?: Dimension
  }
  /** How long the expression must hold first. At least 1s, or the clock of its escalation restarts with Prometheus. */
  readonly for: Duration
  /** How long it goes on firing after that, so that a condition which comes and goes is one incident. */
  readonly keepFiringFor?: Duration
  readonly severity: SeverityName
  /** Whose it is: a team, or whichever team the series name in a label of theirs. */
  readonly owner: Owner | { readonly label: Label & 'owner' }
  /** What is wrong, in one sentence. */
  readonly summary: (say: Said<Label>) => string
  /** What the one who is told does first. */
  readonly action: string | ((say: Said<Label>) => string)
  readonly runbook?: Runbook
  /** Added to every alert, for routing and for the reader. */
  readonly labels?: Readonly<Record<string, string>> & { readonly severity?: never; readonly owner?: never }
}

/** A threshold as it holds: what is declared, and what it comes to. */
export interface Bound extends Threshold, Measure {}

/** An alerting rule, and what there is to say of it. */
export interface Alert {
  /** What overrides and the runbook know it by. */
  readonly id: string
  readonly alert: string
  readonly expr: string
  /** What is compared with what, for whoever draws it; none where it fires for what is there at all. */
  readonly comparisons: readonly Comparison[]
  /** What is compared is of this kind, where that is known. */
  readonly dimension?: Dimension
  readonly for: Duration
  readonly keepFiringFor?: Duration
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<'summary' | 'action', string>>
  readonly threshold?: Bound
  readonly runbook?: Runbook
  /** What `config/overrides.ts` says of it. */
  readonly override?: Override
}

const said: Said<string> = {
  label: (name) => `{{ $labels.${name} }}`,
  where: (name, part) => `{{ with $labels.${name} }}${part}{{ end }}`,
  value: {
    plain: '{{ $value | humanize }}',
    percent: '{{ $value | humanizePercentage }}',
    duration: '{{ $value | humanizeDuration }}',
    bytes: '{{ $value | humanize1024 }}B',
  },
}

/** What holds instead of what is declared. A wrong one changes nothing: generation refuses it, with all others that are wrong. */
const boundOf = (id: string, declared: Threshold, { threshold: given }: Pick<RetunedBy, 'threshold'>): Bound => {
  const own = measureOf(declared.is)
  if (!own)
    throw new Error(`${id}: its threshold "${declared.is}" is no quantity: write a number and its unit, such as 80 %`)
  const other = given === undefined ? undefined : measureOf(given)
  const holds = other?.dimension === own.dimension ? other : own
  return { ...declared, ...(holds === other && given !== undefined && { is: given }), ...holds }
}

type RetunedBy = Extract<Override, { readonly off?: never }>
const unchanged: Omit<RetunedBy, 'reason'> = {}
const retuning = (override: Override | undefined) => (override && !override.off ? override : unchanged)

/** An alert as it is declared, or as an override has it. */
export const judged = <Label extends string, const Owner extends string>(
  spec: AlertSpec<Label, Owner>,
  override?: Override,
): Alert => {
  const { name, id = name, owner, labels, summary, action, keepFiringFor, runbook } = spec
  const retuned = retuning(override)
  const threshold = spec.threshold && boundOf(id, spec.threshold, retuned)
  const expr = typeof spec.expr === 'function' ? spec.expr(threshold?.value ?? Number.NaN) : spec.expr
  const comparisons = (spec.shows?.expr ?? expr).comparisons ?? []
  const isOwn = comparisons.some(({ bound }) => bound === threshold?.value)
  const dimension = spec.shows?.in ?? (isOwn ? threshold?.dimension : undefined)
  if (expr.promql.includes('$__')) throw new Error(`${name}: only Grafana fills in $__ variables: write a duration`)
  return Object.freeze({
    id,
    alert: name,
    expr: expr.promql,
    comparisons,
    ...(dimension && { dimension }),
    for: retuned.for ?? spec.for,
    ...(keepFiringFor && { keepFiringFor }),
    labels: Object.freeze({
      severity: retuned.severity ?? spec.severity,
      ...(typeof owner === 'string' && { owner }),
      ...labels,
    }),
    annotations: Object.freeze({
      summary: summary(said),
      action: typeof action === 'string' ? action : action(said),
    }),
    ...(threshold && { threshold: Object.freeze(threshold) }),
    ...(runbook && { runbook: Object.freeze(runbook) }),
    ...(override && { override: Object.freeze(override) }),
  })
}

/** The same for alerts whose owners are named elsewhere than in `config/teams.ts`, and which nobody overrides. */
export const alertOf = <Label extends string, const Owner extends string>(spec: AlertSpec<Label, Owner>): Alert =>
  judged(spec)

type OwnSpec<Label extends string> = AlertSpec<Label, Team> & { readonly runbook: Runbook }

/** How each of our alerts is made again, under another override. */
const remaking = new WeakMap<Alert, (override: Override) => Alert>()

/** An alert of ours: each has an entry in the runbook, and may be retuned by `config/overrides.ts`. */
export const alert = <Label extends string>(spec: OwnSpec<Label>): Alert => {
  const made = judged(spec, overrides[spec.id ?? spec.name])
  remaking.set(made, (override) => judged(spec, override))
  return made
}

/**
 * One of our alerts as it would be under this override, which is not checked.
 * @throws Error where `alert` did not make it
 */
export const retuned = (one: Alert, override: Override): Alert => {
  const remake = remaking.get(one)
  if (!remake) throw new Error(`${one.id} is no alert of ours`)
  return remake(override)
}

/** The value from which on an alert fires, for whoever draws it. */
export const boundary = ({ id, threshold }: Alert): number => {
  if (!threshold) throw new Error(`${id} has no threshold`)
  return threshold.value
}

/** A recording rule as Prometheus takes it; every `Recorded` is one. */
export interface RecordingRule {
  readonly name: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
}

export const isAlert = (rule: Alert | RecordingRule): rule is Alert => 'alert' in rule

/** Rules that are evaluated one after the other. A rule never reads what another of its own group records. */
export interface RuleGroup {
  readonly name: string
  /** How often; as often as targets are scraped where it is left out. */
  readonly interval?: Duration
  readonly rules: readonly (Alert | RecordingRule)[]
}
