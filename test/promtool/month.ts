import { isAlert, type RuleGroup } from '../../alerts/alert.ts'
import { type PromiseName, sla } from '../../config/sla.ts'
import { probeSuccess } from '../../metrics/foreign.ts'
import { subjects } from './case.ts'
import { type Files, filesOf } from './files.ts'
import { slo } from './promise-names.ts'
import { type Counted, counted } from './promises.ts'
import { type InputSeries, type Phases, series } from './series.ts'

/** What happened in some minutes on end: events a minute, and how many of them were bad. */
interface Stretch {
  readonly minutes: number
  readonly each: number
  readonly bad: number
}

/**
 * Guests book at noon and in the evening; at night hardly anybody does. On each day something fails for a while: one evening in
 * seven, one busy noon in five, and else the small hours, when few are there to notice.
 */
const dayOf = (day: number): readonly Stretch[] => {
  const isBusy = day % 7 >= 4
  const evening = (isBusy ? 900 : 400) + 10 * (day % 3)
  const stretch = (minutes: number, each: number, bad = 0): Stretch => ({ minutes, each, bad })
  return [
    stretch(120, 4),
    stretch(40, 2, day % 7 === 4 || day % 5 === 2 ? 0 : 1),
    stretch(380, 2),
    stretch(150, 60),
    stretch(30, 300),
    stretch(10, 300, day % 5 === 2 ? 30 : 0),
    stretch(110, 300),
    stretch(240, 90),
    stretch(100, evening),
    stretch(12, evening, day % 7 === 4 ? evening / 2 : 0),
    stretch(128, evening),
    stretch(120, 40),
  ]
}

/** Before the first event and after the last, so that every one is counted by as many windows. */
const silence: Stretch = { minutes: 30, each: 0, bad: 0 }
const shorter = (stretches: readonly Stretch[], at: number): readonly Stretch[] =>
  stretches.map((one, i) => (i === at ? { ...one, minutes: one.minutes - silence.minutes } : one))

/** So many whole days, of which the first half hour and the last are silent. */
const stretchesOf = (days: number): readonly Stretch[] => {
  const all = Array.from({ length: days }, (_, day) => dayOf(day)).flat()
  return [silence, ...shorter(shorter(all, 0), all.length - 1), silence]
}

/** A probe a minute, where there is traffic: it fails while anything does. */
const probed = (stretches: readonly Stretch[]): readonly Stretch[] =>
  stretches.map(({ minutes, each, bad }) => ({ minutes, each: Math.min(1, each), bad: Math.min(1, bad) }))

/** A sample a minute of a gauge, the first of them at the very beginning. */
const steady = (stretches: readonly Stretch[]) =>
  stretches
    .map(({ minutes, each, bad }, i) => {
      const samples = i === 0 ? minutes + 1 : minutes
      return each === 0 ? `_x${samples}` : `${1 - bad}x${samples - 1}`
    })
    .join(' ')

/** Each value begins higher by as much: the counters are older than the month. */
const older = ({ series: name, values }: InputSeries): InputSeries => ({
  series: name,
  values: values.replace(/[\d.]+(?=\+)/g, (from) => String(Number(from) + 100_000)),
})

const phasesOf = (stretches: readonly Stretch[], per: (one: Stretch) => number): Phases =>
  stretches.map((one) => [per(one), one.minutes] as const)

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

const isCounted = (promise: PromiseName): promise is Counted => Object.hasOwn(counted, promise)

/**
 * Of the shares over the last five minutes, one a minute, as long as there is traffic: by hand.
 * @param lookback minutes that five of them hold
 */
const averageOfRatios = (stretches: readonly Stretch[], lookback: number) => {
  const minutes = stretches.flatMap(({ minutes: long, each, bad }) =>
    Array.from({ length: long }, () => ({ each, bad })),
  )
  const shares = minutes.flatMap((_, i) => {
    const last = minutes.slice(Math.max(0, i + 1 - lookback), i + 1)
    const all = sum(last.map(({ each }) => each))
    return all > 0 ? [sum(last.map(({ bad }) => bad)) / all] : []
  })
  return sum(shares) / shares.length
}

/** So many days of a promise: what there is of it, what Prometheus is asked, and what it has to answer. */
export interface Month {
  readonly events: number
  readonly bad: number
  /** A sample a minute. */
  readonly series: readonly InputSeries[]
  /** What records the events. */
  readonly groups: readonly RuleGroup[]
  /** The share of bad events over all these days, as the generated rule asks for it over the period. */
  readonly exact: { readonly expr: string; readonly value: number }
  /** The share of every five minutes, each counting as much as the other: what is often recorded instead. */
  readonly averaged: { readonly expr: string; readonly value: number }
}

export const month = (promise: PromiseName, days: number): Month => {
  const usual = stretchesOf(days)
  const stretches = isCounted(promise) ? usual : probed(usual)
  const count = (per: (one: Stretch) => number) => sum(stretches.map((one) => one.minutes * per(one)))
  const [events, bad] = [count(({ each }) => each), count((one) => one.bad)]
  const recorded = `slo:error:ratio_rate${sla[promise].window}`
  const rule = Object.values(subjects)
    .flat()
    .flatMap(({ rules }) => rules)
    .find((one) => !isAlert(one) && one.name === recorded && one.labels.slo === slo[promise])
  if (!rule) throw new Error(`${recorded} of ${promise} is not recorded`)
  const fresh = (subjects[`slo-${slo[promise].replaceAll('_', '-')}`] ?? []).filter(({ name }) =>
    /-(events|shares)$/.test(name),
  )
  if (fresh.length === 0) throw new Error(`no events of ${promise} are recorded`)
  return {
    events,
    bad,
    series: isCounted(promise)
      ? counted[promise](
          phasesOf(stretches, ({ each, bad: ofThem }) => each - ofThem),
          phasesOf(stretches, (one) => one.bad),
        ).map(older)
      : [series(probeSuccess, 'probe', steady(stretches))],
    // The shorter windows alone are asked for.
    groups: fresh.map((group) => ({
      ...group,
      rules: group.rules.filter((one) => !isAlert(one) && one.name.endsWith('rate5m')),
    })),
    exact: { expr: rule.expr.replaceAll(`[${sla[promise].window}]`, `[${days}d]`), value: bad / events },
    averaged: {
      expr: `avg_over_time((slo:error:ratio_rate5m{slo="${slo[promise]}"} >= 0)[${days}d:1m])`,
      // Prometheus 2 finds five rises in five minutes, and six samples.
      value: averageOfRatios(stretches, isCounted(promise) ? 5 : 6),
    },
  }
}

/** As exact as numbers of eight bytes are after so many additions. */
export const tolerance = 1e-9

/** The same as a test for promtool, of as few days as it takes samples. */
export const monthFiles = (promise: PromiseName, days: number): Files => {
  const { series: input_series, groups, exact, averaged } = month(promise, days)
  const asked = [exact, averaged].map(({ expr, value }) => ({
    eval_time: `${days * 1440}m`,
    expr: `abs((${expr}) / ${value} - 1) < bool ${tolerance}`,
    exp_samples: [{ labels: `{slo="${slo[promise]}"}`, value: 1 }],
  }))
  return filesOf(groups, '1m', [{ name: `${promise} over ${days} days`, input_series, promql_expr_test: asked }])
}
