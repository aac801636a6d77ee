import { gauge, type Matcher, printMatcher, type Series } from '../metric.ts'

/** Whether the last scrape of a target was answered. */
export const up = gauge({ name: 'up', peer: 'prometheus', help: 'Whether the last scrape was answered (1) or not (0)' })

export const scrapeDuration = gauge({
  name: 'scrape_duration_seconds',
  peer: 'prometheus',
  help: 'How long the last scrape took',
})

export const samplesScraped = gauge({
  name: 'scrape_samples_scraped',
  peer: 'prometheus',
  help: 'Samples that the last scrape brought',
})

/** One series per alert that is pending or firing. It exists only in the Prometheus that evaluates the rules. */
export const alerts = gauge({
  name: 'ALERTS',
  peer: 'prometheus',
  help: 'Always 1',
  labels: ['alertname', 'alertstate', 'severity', 'owner'],
})

/** Since when each alert has been pending or firing. */
export const alertsForState = gauge({
  name: 'ALERTS_FOR_STATE',
  peer: 'prometheus',
  help: 'Unix time at which the expression of the alert first held',
  labels: ['alertname', 'severity', 'owner'],
})

/** Narrows to alerts by labels that only some of them have: which an alert carries is up to its rule. */
export const alsoWith = <Label extends string>(
  { type, name, matchers }: Series<'gauge', Label>,
  labels: Readonly<Record<string, string | Matcher>>,
): Series<'gauge', Label> =>
  Object.freeze({
    type,
    name,
    matchers: Object.freeze([...matchers, ...Object.entries(labels).map(printMatcher)]),
  }) as unknown as Series<'gauge', Label>
