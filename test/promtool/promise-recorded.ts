import { burnThreshold, burnWindows, inMinutes } from '../../alerts/burn-rate.ts'
import { type PromiseName, sla } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Duration } from '../../metrics/promql.ts'
import type { Case } from './case.ts'
import { burnAlert, exhausted, labelled, slo, type Window } from './promise-names.ts'
import type { InputSeries } from './series.ts'

/** Minutes between samples: what is recorded changes slowly here. */
const minutesPerStep = 4
const step: Duration = `${minutesPerStep}m`

const recordedAs = (name: string, promise: PromiseName, values: string): InputSeries => ({
  series: `${name}{slo="${slo[promise]}"}`,
  values,
})

const ratios = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const
const remaining = 'slo:error_budget_remaining:ratio'

/** For so many samples another promise is broken altogether, which is not to be told of this one. */
export const brokenElsewhere = (promise: PromiseName, samples: number): readonly InputSeries[] => {
  const other = promise === 'httpAvailability' ? 'httpLatency' : 'httpAvailability'
  const all = `x${samples - 1}`
  return [
    ...ratios.map((window) => recordedAs(`slo:error:ratio_rate${window}`, other, `1${all}`)),
    recordedAs(remaining, other, `-1${all}`),
  ]
}

/** Bad events of fifteen seconds that are enough, and some that are not; and such that go on. */
const [enough, few, lasting] = ['0.8 0x60', '0.5 0x60', '0.8x60'] as const
const badEvents = (promise: PromiseName, values: string) => recordedAs('slo:bad_events:rate5m', promise, values)

const slow = ['1d', '3d'] as const satisfies readonly Window[]

/** Alerts that read only what is recorded, over days: the days themselves are cheap to leave out. */
const burnCases = (promise: PromiseName, window: (typeof slow)[number]): readonly Case[] => {
  const found = burnWindows(sla[promise].window).find(({ long }) => long === window)
  if (!found) throw new Error(`no alert looks back over ${window}`)
  const threshold = burnThreshold(found, sla[promise].target)
  const long = inMinutes(found.for) + 2 * minutesPerStep
  const samples = long / minutesPerStep + 1
  const burning = (times: { readonly long: number; readonly short: number }, bad: string) => ({
    about: burnAlert(promise, window),
    series: [
      recordedAs(`slo:error:ratio_rate${found.long}`, promise, `${threshold * times.long}x${samples - 1}`),
      recordedAs(`slo:error:ratio_rate${found.short}`, promise, `${threshold * times.short}x${samples - 1}`),
      badEvents(promise, bad),
    ],
    step,
    at: `${long}m` as const,
  })
  return [
    {
      name: `${promise}: twelve bad events at twice the pace of ${window} are told`,
      ...burning({ long: 2, short: 2 }, enough),
      fires: [
        {
          rule: burnAlert(promise, window),
          labels: labelled(promise),
          value: `${Number((threshold * 200).toPrecision(4))}%`,
        },
      ],
    },
    {
      name: `${promise}: seven at twice the pace of ${window} are not`,
      ...burning({ long: 2, short: 2 }, few),
      fires: [],
    },
    {
      name: `${promise}: half the pace over ${window} is not told, though it is twice as much lately`,
      ...burning({ long: 0.5, short: 2 }, enough),
      fires: [],
    },
    {
      name: `${promise}: twice the pace of ${window} is not told where it has slowed to half of it`,
      ...burning({ long: 2, short: 0.5 }, lasting),
      fires: [],
    },
  ].map((one) => ({
    ...one,
    // Where nothing is to be told, nothing of another promise is either.
    series: one.fires.length > 0 ? one.series : [...one.series, ...brokenElsewhere(promise, samples)],
  }))
}

const exhaustedCases = (promise: PromiseName): readonly Case[] => {
  const about = exhausted(promise)
  const samples = 5
  const left = (share: number, bad: string) => ({
    about,
    series: [recordedAs(remaining, promise, `${share}x${samples - 1}`), badEvents(promise, bad)],
    step,
    at: `${(samples - 1) * minutesPerStep}m` as const,
  })
  return [
    {
      name: `${promise}: a budget that twelve bad events overdrew is told of`,
      ...left(-0.1, enough),
      fires: [{ rule: about, labels: labelled(promise) }],
    },
    {
      name: `${promise}: a budget that seven bad events overdrew is not told of`,
      ...left(-0.1, few),
      fires: [],
    },
    {
      name: `${promise}: what is left of a budget is not told of, though another is overdrawn`,
      ...left(0.1, enough),
      series: [...left(0.1, enough).series, ...brokenElsewhere(promise, samples)],
      fires: [],
    },
  ]
}

export const recordedCases: readonly Case[] = namesOf(sla).flatMap((promise) => [
  ...slow.flatMap((window) => burnCases(promise, window)),
  ...exhaustedCases(promise),
])
