import { scrapeInterval } from '../config/targets.ts'
import { absent, and, type Duration, gt, instant, lte, mul, sum, sumOverTime } from '../metrics/promql.ts'
import { type Alert, alert, type Runbook } from './alert.ts'
import { type BurnWindow, burnThreshold, burnWindows, errorBudget, inMinutes, percent } from './burn-rate.ts'
import { isFresh, type Measured, ratioOver } from './promise-records.ts'
import type { Slo } from './slo.ts'

/**
 * Bad events in a window below which nobody is told, so that one error in a quiet night wakes nobody. What is counted by rates
 * is whole only nearly: half an event less is asked for.
 */
const fewest = 10

const capitalised = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`

/** Which of many: routes or targets that a promise is kept apart by. */
const where = <By extends string>({ by }: Slo<By>, label: (name: By) => string) =>
  by.length === 0 ? '' : ` on ${by.map(label).join(', ')}`

/** Alerts of one promise: that its budget burns too fast, that it is gone, that nobody can tell. */
export const promiseAlerts = <By extends string>(
  name: string,
  slo: Slo<By>,
  measured: Measured<By>,
): readonly Alert[] => [
  ...burnWindows(slo.window).map((window) => burning(name, slo, measured, window)),
  exhausted(name, slo, measured),
  // Of parts nobody knows which there should be.
  ...(slo.by.length === 0 ? [unknown(name, slo, measured)] : []),
]

/** Where good ones are counted, the share that was bad is known: so of two counters one is read. */
const badPerSecond = <By extends string>(name: string, slo: Slo<By>, { ratios }: Measured<By>, window: Duration) =>
  slo.good ? mul(sum(instant(ratioOver(name, ratios, window).own), slo.by), slo.total(window)) : slo.bad(window)

/**
 * Where enough bad events in a window are to tell anybody. A rate times its window is what happened in it, also on a young
 * Prometheus; what was recorded at every scrape is added up.
 */
const enough = <By extends string>(name: string, slo: Slo<By>, measured: Measured<By>, window: Duration) => {
  const least = (slo.leastBadEvents ?? fewest) - 0.5
  return isFresh(window)
    ? gt(mul(badPerSecond(name, slo, measured, window), inSeconds(window)), least)
    : gt(mul(sum(sumOverTime(measured.bad.own, window), slo.by), inSeconds(scrapeInterval)), least)
}
const inSeconds = (duration: Duration) => inMinutes(duration) * 60

const select = ({ slo }: Measured<string>['labels']) => `{slo="${slo}"}`

const burning = <By extends string>(
  name: string,
  slo: Slo<By>,
  measured: Measured<By>,
  { pace, long, short, for: wait, severity, exhaustsIn }: BurnWindow,
): Alert => {
  const { ratios, labels } = measured
  const threshold = burnThreshold({ pace }, slo.target)
  const over = (range: typeof long) => gt(instant(ratioOver(name, ratios, range).own), threshold)
  const alertName = `${capitalised(name)}BudgetBurn`
  return alert({
    name: alertName,
    id: `${alertName} over ${long}`,
    expr: and(and(over(long), over(short)), enough(name, slo, measured, long), { on: slo.by }),
    for: wait,
    keepFiringFor: short,
    severity,
    owner: slo.owner,
    labels: { ...labels, slo_window: long, burn_rate: pace.toString(), exhausts_in: exhaustsIn },
    summary: ({ value, label }) =>
      `${value.percent} of events${where(slo, label)} in the last ${long} broke a promise: ${slo.promise}. ` +
      `At more than ${pace} times the even pace, the error budget of ${slo.window} is gone in ${exhaustsIn}`,
    action:
      'Compare the time it began with the last deploys and with the alerts about PostgreSQL, Redis and payments that ' +
      'fire now. Roll back what changed; if nothing did, find the route that fails or is slow and shed it.',
    runbook: {
      meaning:
        `The share of bad events was above ${percent(threshold)}, which is ${pace} times what the promise leaves ` +
        `(${percent(errorBudget(slo.target).toNumber())}), over ${long} and over the last ${short}, with ${slo.leastBadEvents ?? fewest} bad ones or more. ` +
        `At that pace the error budget of ${slo.window} is gone in ${exhaustsIn}.`,
      impact: `Guests get what was not promised: ${slo.promise}. Once the budget is gone the promise is broken for ${slo.window}.`,
      ...findCause(labels),
    },
  })
}

const findCause = (labels: { readonly slo: string }): Pick<Runbook, 'diagnosis' | 'mitigation'> => ({
  diagnosis: [
    {
      look: 'How fast it burns, and since when: the SLA dashboard, or in Prometheus',
      shell: `curl -sG localhost:9090/api/v1/query --data-urlencode 'query=slo:burn_rate:ratio${select(labels)}'`,
    },
    {
      look: 'Which route fails, or is slow: the HTTP dashboard, or',
      shell:
        'curl -sG localhost:9090/api/v1/query --data-urlencode \'query=topk(5, sum by (route, status_code) (rate(http_requests_total{status_code=~"5.."}[5m])))\'',
    },
    { look: 'What else fires now', shell: 'amtool alert query --alertmanager.url=http://localhost:9093' },
    { look: 'What the service says of itself', shell: 'curl -s localhost:3000/health/detailed' },
  ],
  mitigation: [
    'Roll back the deploy or the change of settings that it began with.',
    'Where a dependency is down or slow (PostgreSQL, Redis, payments), its own alert leads.',
    'Otherwise shed the route that fails: answer 503 at once for it, rather than slowly for all.',
  ],
})

const exhausted = <By extends string>(name: string, slo: Slo<By>, measured: Measured<By>): Alert =>
  alert({
    name: `${capitalised(name)}BudgetExhausted`,
    expr: and(lte(instant(measured.remaining.own), 0), enough(name, slo, measured, slo.window), { on: slo.by }),
    for: '5m',
    // At the edge it would come and go with single events.
    keepFiringFor: '1h',
    severity: 'medium',
    owner: slo.owner,
    labels: measured.labels,
    summary: ({ label }) =>
      `The error budget${where(slo, label)} of ${slo.window} is used up: ${slo.promise}: that is broken`,
    action: `Release nothing that is not a repair until there is budget again. See on the SLA dashboard what used it up.`,
    runbook: {
      meaning: `Of all events of the last ${slo.window} more than ${percent(errorBudget(slo.target).toNumber())} were bad: nothing is left of the error budget.`,
      impact: `The promise is broken: ${slo.promise}. Restaurants may hold it against us.`,
      diagnosis: [
        {
          look: 'How far it is overdrawn: below 0, -1 is twice the budget',
          shell: `curl -sG localhost:9090/api/v1/query --data-urlencode 'query=slo:error_budget_remaining:ratio${select(measured.labels)}'`,
        },
        {
          look: 'On which days it went: bad events of each day',
          shell: `promtool query range --start=$(date -d '-30 days' +%s) --end=$(date +%s) --step=1d http://localhost:9090 'sum_over_time(slo:bad_events:rate5m${select(measured.labels)}[1d:1m]) * 60'`,
        },
      ],
      mitigation: [
        'Stop releases of features; ship repairs of what used the budget up first.',
        'If the promise is more than guests need or the service can keep, change it in config/sla.ts with those it was made to.',
      ],
    },
  })

/** As long as an outage of everything would need to be told of: not knowing is no better. */
const untilTold = ({ window, target }: Pick<Slo, 'window' | 'target'>) => {
  const [fastest] = burnWindows(window)
  return Math.ceil(inMinutes(fastest.long) * burnThreshold(fastest, target) + inMinutes(fastest.for))
}

const unknown = <By extends string>(name: string, slo: Slo<By>, { labels }: Measured<By>): Alert =>
  alert({
    name: `${capitalised(name)}Unknown`,
    expr: absent(slo.total('5m')),
    for: `${untilTold(slo)}m`,
    keepFiringFor: '5m',
    severity: 'medium',
    owner: slo.owner,
    labels,
    summary: () => `Nobody can tell whether a promise is kept: ${slo.promise}. What it is measured by is not there`,
    action:
      'Open /targets in Prometheus: is the service scraped? If it is, its metrics changed their names or it had no request ' +
      'since it was started.',
    runbook: {
      meaning:
        'The metric that the promise is measured by has had no samples for five minutes and as long as a complete outage would ' +
        'take to page. Its burn alerts cannot fire now.',
      impact: 'An outage would go unnoticed until guests call.',
      diagnosis: [
        {
          look: 'Whether the service is scraped, and the error if not',
          shell:
            "curl -s localhost:9090/api/v1/targets | jq '.data.activeTargets[] | {job: .labels.job, health, lastError}'",
        },
        {
          look: 'Whether the metric is there at its source',
          shell: 'curl -s localhost:9465/metrics | grep -c ^http_request',
        },
      ],
      mitigation: [
        'Not scraped: mend the address or start the service.',
        'Scraped without the metric: undo the release that changed the instrumentation. A service that was started in a quiet ' +
          'night and had no request yet is well: the alert ends with the first one.',
      ],
    },
  })
