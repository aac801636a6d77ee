import { type SeverityName, severities } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import { choose, type Format } from './format.ts'

/** The alert that a message is about: a rung of the ladder is about another one. Of an alert, as Alertmanager's templates have it. */
export const aboutName = '(or .Labels.source_alert .Labels.alertname)'

/** The labels which, with the name, make up the alert that is silenced. */
const others = '(.Labels.Remove (stringSlice "alertname" "source_alert" "step")).SortedPairs'

/** A link to the form for a new silence. A blank is no plus in what stands behind a `#`. */
const inUrl = (expression: string) => `{{ reReplaceAll \`\\+\` "%20" (urlquery (printf "%q" ${expression})) }}`
/** In HTML the part of a URL is escaped by where it stands. */
const inHtml = (expression: string) => `{{ printf "%q" ${expression} }}`

/** Of an alert; `$` has to be the notification. */
export const silenceUrl = ({ name, value }: Format): string => {
  const part = name === 'html' ? inHtml : inUrl
  const base = name === 'html' ? '{{ $.ExternalURL }}' : value('$.ExternalURL')
  return (
    `${base}/#/silences/new?filter=%7Balertname%3D${part(aboutName)}` +
    `{{ range ${others} }}%2C{{ .Name }}%3D${part('.Value')}{{ end }}%7D`
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
    `amtool silence add --alertmanager.url=${value('$.ExternalURL')} --duration=${duration} --comment=answered ` +
    `${matcher('alertname', aboutName)}{{ range ${others} }} ${matcher('%s', '.Name .Value')}{{ end }}`
  )
}
