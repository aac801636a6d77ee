import { type SeverityName, severities } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import { choose, type Format } from './format.ts'

/** Labels of an alert, or those that all alerts of a message share, as Alertmanager's templates have them. */
type Labels = '.Labels' | '.CommonLabels'

/** The alert that a message is about: a rung of the ladder is about another one. */
const aboutName = (labels: Labels) => `(or ${labels}.source_alert ${labels}.alertname)`

/** The labels which, with the name, make up the alert that is silenced. */
const others = (labels: Labels) => `(${labels}.Remove (stringSlice "alertname" "source_alert" "step")).SortedPairs`

/**
 * Whether all alerts of a message are the same one on several things: one silence answers them all. Without the name they have
 * in common it would cover whatever else the team has.
 */
export const isOneAlert =
  '(and .CommonLabels.severity (or .CommonLabels.source_alert (and .CommonLabels.alertname (not .CommonLabels.step))))'

/** A link to the form for a new silence. A blank is no plus in what stands behind a `#`. */
const inUrl = (expression: string) => `{{ reReplaceAll \`\\+\` "%20" (urlquery (printf "%q" ${expression})) }}`
/** In HTML the part of a URL is escaped by where it stands. */
const inHtml = (expression: string) => `{{ printf "%q" ${expression} }}`

/** Of an alert, or of all of a message; `$` has to be the notification. */
export const silenceUrl = ({ name, value }: Format, labels: Labels = '.Labels'): string => {
  const part = name === 'html' ? inHtml : inUrl
  const base = name === 'html' ? '{{ $.ExternalURL }}' : value('$.ExternalURL')
  return (
    `${base}/#/silences/new?filter=%7Balertname%3D${part(aboutName(labels))}` +
    `{{ range ${others(labels)} }}%2C{{ .Name }}%3D${part('.Value')}{{ end }}%7D`
  )
}

/** As long as the response time, and four hours at least: an answer that runs out is none any more. */
const lasts = (severity: SeverityName) => `${Math.max(4, severities[severity].respondWithinHours)}h`

/** The same as a command, to be pasted. Of an alert; `$` has to be the notification. */
export const silenceCommand = ({ value }: Format): string => {
  // In single quotes of the shell, in which nothing is special but their end.
  const matcher = (name: string, labels: string) =>
    `'${value(`(reReplaceAll \`'\` \`'\\''\` (printf "${name}=%q" ${labels}))`)}'`
  const duration = choose(
    '.Labels.severity',
    namesOf(severities).map((severity) => [severity, lasts(severity)] as const),
    lasts('critical'),
  )
  return (
    `amtool silence add --alertmanager.url=${value('$.ExternalURL')} --duration=${duration} --comment=acknowledged ` +
    `${matcher('alertname', aboutName('.Labels'))}{{ range ${others('.Labels')} }} ${matcher('%s', '.Name .Value')}{{ end }}`
  )
}
