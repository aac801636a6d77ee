import type { Alert } from '../../../alerts/alert.ts'
import type { SeverityName } from '../../../config/sla.ts'
import type { InputSeries } from '../series.ts'

type Labels = Readonly<Record<string, string>>

const of = (name: string, labels: Labels, values: string): InputSeries => ({
  series: `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`,
  values,
})

/** What Prometheus keeps of an alert whose expression first held at `since`, for so many steps. */
export const known = (
  labels: Labels,
  { since, steps, state = 'firing' }: { readonly since: number; readonly steps: number; readonly state?: string },
): readonly InputSeries[] => [
  of('ALERTS', { ...labels, alertstate: state }, `1x${steps} stale`),
  of('ALERTS_FOR_STATE', labels, `${since}+0x${steps} stale`),
]

/** What the recorder tells of the answer to an alert. */
export const answered = (labels: Labels, values: string): InputSeries => of('alert_acknowledged', labels, values)

/** An alert as it fires on one of its targets. */
export const arriving = ({ alert, labels }: Alert, more: Labels): Labels => ({ alertname: alert, ...labels, ...more })

/** The same as what tells that nobody responds carries it. */
export const unanswered = ({ alertname = '', ...labels }: Labels): Labels => ({ ...labels, source_alert: alertname })

/** An alert of a rule that is not ours. */
export const foreign = (severity: SeverityName | 'page', alertname = 'SomebodyElses'): Labels => ({
  alertname,
  severity,
  owner: 'platform',
})
