import { isAlert, type RuleGroup } from '../../alerts/alert.ts'
import { sla } from '../../config/sla.ts'
import type { Duration } from '../../metrics/promql.ts'
import { subjects } from './case.ts'
import { type Files, filesOf } from './files.ts'
import type { Major } from './onsets.ts'
import { labelled, slo } from './promise-names.ts'
import { type Counted, counted } from './promises.ts'
import type { InputSeries, Phases } from './series.ts'

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

const isFresh = (group: RuleGroup) => group.name.endsWith('-events')

/** Each value begins higher by as much: the counters are older than the month. */
const older = ({ series, values }: InputSeries): InputSeries => ({
  series,
  values: values.replace(/[\d.]+(?=\+)/g, (from) => String(Number(from) + 100_000)),
})

const phasesOf = (stretches: readonly Stretch[], per: (one: Stretch) => number): Phases =>
  stretches.map((one) => [per(one), one.minutes] as const)

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)

/** So many days of a promise: what is asked of promtool, and what the answers must be. */
export interface Month {
  readonly promise: Counted
  readonly events: number
  readonly bad: number
  /** Bad events over all events. */
  readonly exact: number
  /** The share of every five minutes, each counting as much as the other: what is often recorded instead. */
  readonly averaged: number
  readonly files: Files
}

/** Of the shares over the last five minutes, one a minute, as long as there is traffic: by hand, and not by a rate. */
const averageOfRatios = (stretches: readonly Stretch[], major: Major) => {
  const minutes = stretches.flatMap(({ minutes, each, bad }) => Array.from({ length: minutes }, () => ({ each, bad })))
  // Rises from minute to minute: Prometheus 3 leaves out the sample at the very beginning of a range.
  const lookback = major === 2 ? 5 : 4
  const shares = minutes.flatMap((_, i) => {
    const last = minutes.slice(Math.max(0, i + 1 - lookback), i + 1)
    const all = sum(last.map(({ each }) => each))
    return all > 0 ? [sum(last.map(({ bad }) => bad)) / all] : []
  })
  return sum(shares) / shares.length
}

/** Before the first event and after the last, so that every one is counted by as many windows. */
const still: Stretch = { minutes: 10, each: 0, bad: 0 }

/** As exact as numbers of eight bytes are after so many additions. */
const tolerance = 1e-9

export const month = (promise: Counted, days: number, major: Major): Month => {
  const stretches = [still, ...Array.from({ length: days }, (_, day) => dayOf(day)).flat(), still]
  const [events, bad] = [
    sum(stretches.map((one) => one.minutes * one.each)),
    sum(stretches.map((one) => one.minutes * one.bad)),
  ]
  const [exact, averaged] = [bad / events, averageOfRatios(stretches, major)]
  const series = counted[promise](
    phasesOf(stretches, ({ each, bad }) => each - bad),
    phasesOf(stretches, (one) => one.bad),
  ).map(older)
  const groups = (subjects[`slo-${slo[promise].replaceAll('_', '-')}`] ?? []).filter(isFresh)
  const at: Duration = `${days * 1440 + 18}m`
  const period = sla[promise].window
  const rule = Object.values(subjects)
    .flat()
    .flatMap(({ rules }) => rules)
    .find((one) => !isAlert(one) && one.name === `slo:error:ratio_rate${period}` && one.labels.slo === slo[promise])
  if (!rule) throw new Error(`nothing is recorded of ${promise} over ${period}`)
  const labels = JSON.stringify(labelled(promise).slo)
  const is = (expr: string, value: number) => ({
    eval_time: at,
    expr: `abs((${expr}) / ${value} - 1) < bool ${tolerance}`,
    exp_samples: [{ labels: `{slo=${labels}}`, value: 1 }],
  })
  return {
    promise,
    events,
    bad,
    exact,
    averaged,
    files: filesOf(groups, '1m', [
      {
        name: `${promise} over ${days} days`,
        input_series: series,
        promql_expr_test: [
          is(rule.expr, exact),
          is(`avg_over_time((slo:error:ratio_rate5m{slo=${labels}} >= 0)[${at}:1m])`, averaged),
        ],
      },
    ]),
  }
}
