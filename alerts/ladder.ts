import { type Severity, type SeverityName, severities } from '../config/sla.ts'
import { escalation } from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import { add, and, gt, gte, instant, labelReplace, lte, secondsSince, secondsUntil } from '../metrics/promql.ts'
import { type Alert, alert, type Look, type RuleGroup, type Said } from './alert.ts'
import { alertFired, firedRecord, overdueName, reminderName, unacknowledged } from './escalation.ts'

/** Long enough for what was acknowledged to be known again after everything was started anew. */
const settled = '1m'

/** When the response time of each alert of a severity runs out, as Unix time. */
const deadline = (severity: SeverityName, seconds: number) => add(instant(alertFired.where({ severity })), seconds)

/** The name of the alert that nobody responded to is kept: Prometheus puts that of the rung in its place. */
const naming = (alerts: ReturnType<typeof deadline>) => labelReplace(alerts, 'source_alert', '$1', 'alertname', '(.*)')

type Source = Said<'source_alert' | 'instance'>

const source = ({ label, where }: Source) => `${label('source_alert')}${where('instance', ' of {{ . }}')}`
const byHand =
  'by the link in the message, or by Silence beside the alert in Alertmanager, where its labels stand already'

const diagnosis: readonly [Look, ...Look[]] = [
  {
    look: 'What fires now, with all labels',
    shell: 'amtool alert query -o extended --alertmanager.url=http://127.0.0.1:9093',
  },
  {
    look: 'Who acknowledged what, and until when: the active silences',
    shell: 'amtool silence query --alertmanager.url=http://127.0.0.1:9093',
  },
  {
    look: 'What counts as acknowledged: 1, or 0',
    shell:
      "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=alert_acknowledged' | jq -r '.data.result[] | [.value[1], .metric.alertname, .metric.instance] | @tsv'",
  },
]

const acknowledging = [
  `Acknowledge the alert that it names, in your own name: ${byHand}. A silence with fewer labels would cover others as well.`,
  'Then do what the entry of that alert says. When the silence ends before the alert does, the clock goes on where it was.',
] as const

const reminder = (severity: SeverityName, { respondWithinHours: hours }: Severity): Alert => {
  const seconds = hours * 3600
  const half = seconds / 2
  const left = secondsUntil(deadline(severity, seconds))
  return alert({
    name: reminderName,
    id: `${reminderName} of ${severity}`,
    expr: naming(unacknowledged(and(lte(left, half), gt(left, 0)))),
    shows: { expr: lte(naming(left), half), in: 'time' },
    for: settled,
    severity,
    owner: { label: 'owner' },
    labels: { step: 'reminder' },
    summary: (say) => `${source(say)}: nobody has responded; ${say.value.duration} are left of the ${hours} h`,
    action: (say) => `Take it, and acknowledge ${source(say)}: ${byHand}. Then follow its own entry in the runbook.`,
    runbook: {
      meaning:
        `An alert of severity ${severity} has been firing for half of its response time of ${hours} h, and nobody has acknowledged it: ` +
        'no active silence covers it. The clock began when it fired. The value is the time that is left.',
      impact: `What that alert says goes on. In the other half of the ${hours} h ${overdueName} follows: ${severities[severity].escalation.action}.`,
      diagnosis,
      mitigation: acknowledging,
    },
  })
}

const overdue = (severity: SeverityName, { respondWithinHours: hours, escalation: next }: Severity): Alert => {
  const over = secondsSince(deadline(severity, hours * 3600))
  const { words } = escalation[severity]
  return alert({
    name: overdueName,
    id: `${overdueName} of ${severity}`,
    expr: naming(unacknowledged(gte(over, 0))),
    shows: { expr: gte(naming(over), 0), in: 'time' },
    for: settled,
    severity,
    owner: { label: 'owner' },
    labels: { step: 'escalation' },
    summary: (say) =>
      `${source(say)}: nobody has responded; its response time of ${hours} h ran out ${say.value.duration} ago`,
    action: (say) =>
      `Now: ${next.action} (${next.notification}). It goes to ${words}, who acknowledges ${source(say)}: ${byHand}.`,
    runbook: {
      meaning:
        `An alert of severity ${severity} has been firing for its whole response time of ${hours} h, and nobody has acknowledged it: ` +
        'no active silence covers it. The value is the time since then.',
      impact: `The response time is not kept: each such incident counts in sla_response_breached_total. It is told again every ${hours} h, to ${words}, until somebody responds.`,
      diagnosis,
      mitigation: [`Escalate: ${next.action}, by ${next.notification}.`, ...acknowledging],
    },
  })
}

// Written without an editor's help, a severity may lack anything.
const faultsOf = (name: string, { respondWithinHours: hours, escalation: next }: Partial<Severity>) => [
  ...(typeof hours === 'number' && hours > 0 && Number.isFinite(hours)
    ? []
    : [
        `.${name}.respondWithinHours is ${hours}: write hours above 0, or nobody would ever be reminded of an alert of this severity`,
      ]),
  ...(next?.action && next.notification
    ? []
    : [`.${name}.escalation is missing: say what is done when nobody responds, and by which means`]),
]

/** Every severity that an alert has and that nobody would be escalated to, each in one line. */
export const ladderFaults = (
  alerts: readonly Alert[],
  all: Readonly<Record<string, Partial<Severity>>> = severities,
): readonly string[] => {
  const used = new Map(alerts.flatMap(({ labels, id }) => (labels.severity ? [[labels.severity, id] as const] : [])))
  const missing = [...used].filter(([name]) => !Object.hasOwn(all, name))
  return [
    ...Object.entries(all).flatMap(([name, severity]) => faultsOf(name, severity)),
    ...missing.map(
      ([name, id]) =>
        `.${name} is missing: nobody would be reminded of ${id}; add it, or change the severity of the alert`,
    ),
  ].map((fault) => `config/sla.ts: severities${fault}`)
}

/** A rung where there is one to stand on: what is wrong is told by `ladderFaults` and `routeFaults`. */
const rungs = (rung: typeof reminder) =>
  namesOf(severities)
    .filter((name) => faultsOf(name, severities[name]).length === 0 && Object.hasOwn(escalation, name))
    .map((name) => rung(name, severities[name]))

/** What is told when nobody responds to one of these alerts, and since when each of them fires. */
export const escalationGroups = (alerts: readonly Alert[]): readonly RuleGroup[] => [
  { name: 'escalation-records', rules: [firedRecord(alerts)] },
  { name: 'escalation-alerts', rules: [...rungs(reminder), ...rungs(overdue)] },
]
