import type { PromiseName } from '../config/sla.ts'
import { type Recorded, recorded } from '../metrics/metric.ts'
import { namesOf } from '../metrics/names.ts'
import { and, complement, type Duration, div, gt, instant, mul, sumOverTime, vector } from '../metrics/promql.ts'
import { orNone, share } from '../metrics/share.ts'
import { type Alert, alert, type RuleGroup } from './alert.ts'
import { burnRate, burnThreshold, burnWindows, errorBudget, inHours } from './burn-rate.ts'
import { type Slo, slos } from './slo.ts'

/** Bad events in the long window below which no burn alert fires, so that one error in a quiet night wakes nobody. */
const leastBadEvents = 10
/** Windows up to here are measured afresh from the counters; longer ones add up what was recorded over 5 minutes. */
const longestFresh = 6

type Series = Recorded<'slo'>
interface Measured {
  readonly bad: Series
  readonly total: Series
  /** The share of bad events, by the window it is taken over. */
  readonly ratios: ReadonlyMap<Duration, Series>
  readonly objective: Series
  readonly remaining: Series
}

const words = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const measure = (name: string, slo: Slo): Measured => {
  const labels = { slo: words(name) } as const
  // Where nothing has ever gone wrong there is no bad series at all: none bad, then, not none known.
  const bad = recorded({ name: 'slo:bad_events:rate5m', expr: orNone(slo.bad('5m'), slo.total('5m')), labels })
  const total = recorded({ name: 'slo:total_events:rate5m', expr: slo.total('5m'), labels })
  const record = (window: Duration): Series =>
    inHours(window) <= longestFresh
      ? recorded({ name: `slo:error:ratio_rate${window}`, expr: share(slo.bad(window), slo.total(window)), labels })
      : recorded({
          name: `slo:error:ratio_rate${window}`,
          expr: div(sumOverTime(bad.where(labels), window), sumOverTime(total.where(labels), window)),
          labels,
        })
  const windows = [...new Set([...burnWindows.flatMap(({ short, long }) => [short, long]), slo.window])].sort(
    (one, other) => inHours(one) - inHours(other),
  )
  const ratios = new Map(windows.map((window) => [window, record(window)]))
  const budget = errorBudget(slo.target).toNumber()
  return {
    bad,
    total,
    ratios,
    objective: recorded({ name: 'slo:objective:ratio', expr: vector(slo.target), labels }),
    remaining: recorded({
      name: 'slo:error_budget_remaining:ratio',
      expr: complement(div(instant(ratioOver(name, ratios, slo.window).where(labels)), budget)),
      labels,
    }),
  }
}

const ratioOver = (name: string, ratios: Measured['ratios'], window: Duration): Series => {
  const ratio = ratios.get(window)
  if (!ratio) throw new Error(`${name}: no ratio is recorded over ${window}`)
  return ratio
}

const burnAlerts = (name: string, slo: Slo, { bad, ratios }: Measured): readonly Alert[] =>
  burnWindows.map((window) => {
    const labels = { slo: words(name) } as const
    const threshold = burnThreshold(window, slo.window, slo.target)
    const over = (range: Duration) => gt(instant(ratioOver(name, ratios, range).where(labels)), threshold)
    // Counted minute by minute over what is recorded: an average times the window would make many of a few at the start.
    const events = mul(sumOverTime(bad.where(labels), window.long, { every: '1m' }), 60)
    const rate = burnRate(window, slo.window).round(2).toString()
    return alert({
      name: `${name.charAt(0).toUpperCase()}${name.slice(1)}BudgetBurn`,
      expr: and(and(over(window.long), over(window.short)), gt(events, leastBadEvents)),
      for: window.for,
      severity: window.severity,
      owner: slo.owner,
      labels: { slo_window: window.long, burn_rate: rate },
      summary: ({ value }) =>
        `${value.percent} of events in the last ${window.long} broke a promise: ${slo.promise}. ` +
        `At more than ${rate} times the even pace, the error budget of ${slo.window} is used up early`,
      action:
        'Compare the time it began with the last deploys and with the alerts about PostgreSQL, Redis and payments that ' +
        'fire now. Roll back what changed; if nothing did, find the route that fails or is slow and shed it.',
    })
  })

/** What is recorded of one promise, for whoever shows it. */
export const promiseSeries = (name: PromiseName) => {
  const { bad, total, remaining, ratios } = measure(name, slos[name])
  const of = { slo: words(name) }
  return {
    bad: bad.where(of),
    total: total.where(of),
    /** The share of the error budget that is left. */
    remaining: remaining.where(of),
    /** The share of bad events over one of the windows that are recorded. */
    ratioOver: (window: Duration) => ratioOver(name, ratios, window).where(of),
  }
}

/** Records, then what is computed from them, then alerts: each in groups of its own, as some rulers store late. */
export const promiseGroups = (): readonly RuleGroup[] =>
  namesOf(slos).flatMap((name) => {
    const slo = slos[name]
    const measured = measure(name, slo)
    const ratios = [...measured.ratios]
    const fresh = ratios.filter(([window]) => inHours(window) <= longestFresh).map(([, series]) => series)
    const long = ratios.filter(([window]) => inHours(window) > longestFresh).map(([, series]) => series)
    return [
      { name: `slo-${words(name)}-events`, rules: [measured.bad, measured.total, ...fresh, measured.objective] },
      { name: `slo-${words(name)}-periods`, rules: long },
      { name: `slo-${words(name)}-budget`, rules: [measured.remaining] },
      { name: `slo-${words(name)}-alerts`, rules: burnAlerts(name, slo, measured) },
    ]
  })
