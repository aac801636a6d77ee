import { errorBudget } from '../../alerts/burn-rate.ts'
import { type PromiseName, sla } from '../../config/sla.ts'
import { httpRequestDuration, httpRequestsTotal } from '../../exporters/service/http/metrics.ts'
import { reservationsTotal } from '../../exporters/service/reservations.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Duration } from '../../metrics/promql.ts'
import { type Case, everyRecording, type Reading } from './case.ts'
import { burnAlert, exhausted, labelled, slo, unknown, type Window } from './promise-names.ts'
import { reachCases } from './promise-reach.ts'
import { brokenElsewhere, recordedCases } from './promise-recorded.ts'
import { type InputSeries, observed, type Phases, rising, series } from './series.ts'

/** Minutes between samples, which keeps days of them cheap: Prometheus looks back five for one. */
const minutesPerStep = 4
const step: Duration = `${minutesPerStep}m`
const perMinute = 10_000

const booking = { method: 'POST', route: '/api/reservations', status_code: '201' }
const listing = { method: 'GET', route: '/api/tables', status_code: '200' }

const requests = (good: Phases, bad: Phases | undefined) => [
  series(httpRequestsTotal, 'api', rising(good), listing),
  ...(bad ? [series(httpRequestsTotal, 'api', rising(bad), { ...booking, status_code: '503' })] : []),
]

const durations = (good: Phases, bad: Phases | undefined) => [
  ...observed(httpRequestDuration, 'api', { seconds: 0.5, phases: good }, listing),
  ...(bad ? observed(httpRequestDuration, 'api', { seconds: 0.6, phases: bad }, booking) : []),
]

const reservations = (good: Phases, bad: Phases | undefined) => {
  const half = good.map(([perStep, steps]) => [perStep / 2, steps] as const)
  // As many cancellations as attempts: they are none, and dilute nothing.
  return [
    series(reservationsTotal, 'api', rising(half), { status: 'confirmed' }),
    series(reservationsTotal, 'api', rising(half), { status: 'rejected' }),
    series(reservationsTotal, 'api', rising(good), { status: 'cancelled' }),
    ...(bad ? [series(reservationsTotal, 'api', rising(bad), { status: 'failed' })] : []),
  ]
}

/** Promises whose events are counted; the rest are probes, up or down. */
export type Counted = Exclude<PromiseName, 'apiReachable'>

export const counted: Readonly<Record<Counted, (good: Phases, bad: Phases | undefined) => readonly InputSeries[]>> = {
  httpAvailability: requests,
  httpLatency: durations,
  reservationSuccess: reservations,
}

const minutes = (traffic: Traffic): Duration => `${traffic.reduce((sum, [, long]) => sum + long, 0)}m`

/** So many events a minute, for so many minutes. */
type Traffic = readonly (readonly [perMinute: number, minutes: number])[]

const inSteps = (traffic: Traffic): Phases =>
  traffic.map(([each, minutes]) => [each * minutesPerStep, minutes / minutesPerStep])

/** Good and bad events of each promise, as the service counts them; without bad ones there is no series of them. */
const events = (promise: Counted, good: Traffic, bad?: Traffic) => ({
  series: counted[promise](inSteps(good), bad && inSteps(bad)),
  step,
  at: minutes(good),
})

export const countedPromises = namesOf(counted)

/** For so many minutes the error budget burns at so many times the even pace. */
type Burning = readonly (readonly [times: number, minutes: number])[]

const share = (promise: PromiseName, times: number) => errorBudget(sla[promise].target).times(times)

const burning = (promise: Counted, phases: Burning) => {
  const bad = phases.map(([times, long]) => [share(promise, times).times(perMinute).toNumber(), long] as const)
  const good = bad.map(([each, long]) => [perMinute - each, long] as const)
  return events(promise, good, bad)
}

interface Burn {
  readonly name: string
  readonly about: Window
  readonly phases: Burning
  /** The windows that fire, each with the times at which its long window burnt. */
  readonly fires: Readonly<Partial<Record<Window, number>>>
}

const hour = 60
const day = 24 * hour

const burns: readonly Burn[] = [
  {
    name: 'an hour at 15 times the even pace pages, and the slower alerts wait',
    about: '1h',
    phases: [
      [0, 6 * hour],
      [15, hour + 4],
    ],
    fires: { '1h': 15 },
  },
  {
    name: 'a quarter of an hour at 14 times the even pace does not page',
    about: '1h',
    phases: [[14, 16]],
    fires: {},
  },
  {
    name: 'an outage that ended twelve minutes ago does not page, though the hour is still bad, and more than usual fails',
    about: '1h',
    phases: [
      [0, 6 * hour],
      [20, hour],
      [7, 12],
    ],
    fires: {},
  },
  {
    name: 'a peak of twenty-four minutes does not page, nor is it told as high, though its last half hour is bad',
    about: '1h',
    phases: [
      [0, 6 * hour],
      [34, 24],
    ],
    fires: {},
  },
  {
    name: 'six hours at 7 times the even pace are told as high',
    about: '6h',
    phases: [
      [0, day],
      [7, 6 * hour + 32],
    ],
    fires: { '6h': 7 },
  },
  {
    name: 'half an hour at 5.8 times the even pace is not told as high',
    about: '6h',
    phases: [[5.8, 32]],
    fires: {},
  },
  {
    name: 'an outage that ended an hour ago is not told as high, though more than usual fails: as medium it is',
    about: '6h',
    phases: [
      [20, hour],
      [3, hour + 4],
    ],
    // Of its first step Prometheus sees no more than was counted, of others a quarter more.
    fires: { '1d': (14.8 * 20 + 16 * 3) / 30.8 },
  },
  {
    name: 'a day at 4 times the even pace is told as medium over one day and over three',
    about: '1d',
    phases: [[4, 26 * hour]],
    fires: { '1d': 4, '3d': 4 },
  },
  {
    name: 'two hours at 2.8 times the even pace are not told over one day',
    about: '1d',
    phases: [[2.8, 2 * hour]],
    fires: {},
  },
  {
    name: 'ten hours at twice the even pace are told over three days',
    about: '3d',
    phases: [[2, 10 * hour]],
    fires: { '3d': 2 },
  },
  {
    name: 'four hours within the even pace are not told',
    about: '3d',
    phases: [[0.9, 4 * hour]],
    fires: {},
  },
]

const burnCase = (promise: Counted, { name, about, phases, fires }: Burn): Case => {
  const situation = burning(promise, phases)
  const told = namesOf(fires)
  return {
    name: `${promise}: ${name}`,
    about: burnAlert(promise, about),
    ...situation,
    // Where nothing is to be told, nothing of another promise is either.
    series: told.length > 0 ? situation.series : [...situation.series, ...brokenElsewhere(promise, samplesIn(phases))],
    fires: told.map((window) => ({
      rule: burnAlert(promise, window),
      labels: labelled(promise),
      value: `${Number(
        share(promise, fires[window] ?? 0)
          .times(100)
          .toPrecision(4),
      )}%`,
    })),
  }
}

const samplesIn = (phases: Burning) => phases.reduce((sum, [, long]) => sum + long, 0) / minutesPerStep + 1

/** One event a minute since Prometheus first started, 40 minutes ago; so many were bad. */
const quietNight = (promise: Counted, bad: number) => {
  const long = 40
  return {
    series: counted[promise]([[1 - bad / long, long]], [[bad / long, long]]),
    // Often enough to tell two minutes from four.
    step: '1m',
    at: `${long}m`,
  } as const
}

/** One event every four minutes since Prometheus first started, the third of them bad. */
const firstHours = (promise: Counted, long: number) => {
  const bad = [
    [0, 8],
    [0.25, 4],
    [0, long - 12],
  ] as const
  return events(
    promise,
    bad.map(([each, minutes]) => [0.25 - each, minutes] as const),
    bad,
  )
}

const traps = (promise: Counted): readonly Case[] => {
  const about = (window: Window) => burnAlert(promise, window)
  return [
    {
      name: `${promise}: eight bad events are nobody's outage, whatever their share`,
      about: about('1h'),
      ...quietNight(promise, 8),
      fires: [],
    },
    {
      name: `${promise}: twenty bad events are told`,
      about: about('1h'),
      ...quietNight(promise, 20),
      fires: [
        { rule: about('1h'), labels: labelled(promise), value: '50%' },
        { rule: about('6h'), labels: labelled(promise), value: '50%' },
      ],
    },
    ...(
      [
        ['6h', 28],
        ['1d', 104],
        ['3d', 4 * hour],
      ] as const
    ).map(([window, long]) => ({
      name: `${promise}: one bad event is not told over ${window}, though Prometheus knows of ${long} minutes only`,
      about: about(window),
      ...firstHours(promise, long),
      fires: [],
    })),
    {
      name: `${promise}: no events at all are no broken promise`,
      about: about('1h'),
      ...events(promise, [
        [perMinute, hour],
        [0, hour],
      ]),
      fires: [],
    },
  ]
}

/** How long an event took is not how many there were. */
const slowNight: Case = {
  name: 'httpLatency: eight events that took half a minute each are eight, and nobody is told',
  about: burnAlert('httpLatency', '1h'),
  series: [
    ...observed(httpRequestDuration, 'api', { seconds: 0.5, phases: [[0.8, 40]] }, listing),
    ...observed(httpRequestDuration, 'api', { seconds: 30, phases: [[0.2, 40]] }, booking),
  ],
  step: '1m',
  at: '40m',
  fires: [],
}

/** The budget used up, and the metric gone. */
const endings = (promise: Counted): readonly Case[] => {
  const used = exhausted(promise)
  const lost = unknown(promise)
  const [known, later] = [20, 20]
  const traffic = counted[promise](inSteps([[perMinute, known]]), undefined)
  const lasting = counted[promise](inSteps([[perMinute, known + later]]), undefined)
  // Cancellations are no attempts: that they go on tells nothing.
  const gone = traffic.flatMap(({ series: of, values }) =>
    of.includes('"cancelled"')
      ? lasting.filter((one) => one.series === of)
      : [{ series: of, values: `${values} stale` }],
  )
  return [
    {
      name: `${promise}: a budget that is overdrawn is told of`,
      about: used,
      ...burning(promise, [[1.1, 2 * hour]]),
      fires: [{ rule: used, labels: labelled(promise) }],
    },
    {
      name: `${promise}: a tenth of the budget that is left is not told of`,
      about: used,
      ...burning(promise, [[0.9, 2 * hour]]),
      fires: [],
    },
    {
      name: `${promise}: what it is measured by is missed once it has been gone for as long as an outage takes to page`,
      about: lost,
      series: gone,
      step,
      at: `${known + later}m`,
      fires: [{ rule: lost, labels: labelled(promise) }],
    },
    {
      name: `${promise}: what it is measured by is not missed at once`,
      about: lost,
      series: gone,
      step,
      at: `${known + minutesPerStep}m`,
      fires: [],
    },
    {
      name: `${promise}: what it is measured by is not missed where it is there and rests`,
      about: lost,
      ...events(promise, [
        [perMinute, known],
        [0, hour],
      ]),
      fires: [],
    },
  ]
}

export const promiseCases: readonly Case[] = [
  ...countedPromises.flatMap((promise) => [
    ...burns.map((burn) => burnCase(promise, burn)),
    ...traps(promise),
    ...endings(promise),
  ]),
  slowNight,
  ...recordedCases,
  ...reachCases,
]

const reading = (promise: PromiseName, name: string) => {
  const rule = everyRecording.find(
    (one) => one.name === name && [one.expr, one.labels.slo].some((text) => text?.includes(slo[promise])),
  )
  if (!rule) throw new Error(`no rule records ${name} of ${promise}`)
  return { rule, labels: labelled(promise) }
}

const remaining = 'slo:error_budget_remaining:ratio'

const readingsOf = (promise: Counted): readonly Reading[] => {
  const clean = events(promise, [[perMinute, 2 * hour]])
  return [
    {
      name: `${promise}: where no bad event was ever counted the share of bad ones is 0, not absent`,
      ...reading(promise, 'slo:error:ratio_rate5m'),
      ...clean,
      value: 0,
    },
    {
      name: `${promise}: where no bad event was ever counted the whole error budget remains`,
      ...reading(promise, remaining),
      ...clean,
      value: 1,
    },
    {
      name: `${promise}: half of the error budget remains after ten hours at half the even pace`,
      ...reading(promise, remaining),
      ...burning(promise, [[0.5, 10 * hour]]),
      value: 0.5,
    },
    {
      name: `${promise}: the error budget is overdrawn after ten hours at twice the even pace`,
      ...reading(promise, remaining),
      ...burning(promise, [[2, 10 * hour]]),
      value: -1,
    },
    {
      name: `${promise}: events count, not hours: a busy bad time outweighs a quiet good one`,
      ...reading(promise, 'slo:error:ratio_rate1d'),
      ...events(
        promise,
        [
          [100, 10 * hour],
          [450, 10 * hour],
        ],
        [
          [0, 10 * hour],
          [450, 10 * hour],
        ],
      ),
      value: 0.45,
    },
    {
      name: `${promise}: two idle hours leave the share over a day readable`,
      ...reading(promise, 'slo:error:ratio_rate1d'),
      ...events(promise, [
        [perMinute, hour],
        [0, 2 * hour],
        [perMinute, 12],
      ]),
      value: 0,
    },
    {
      name: `${promise}: without any series nothing is recorded`,
      ...reading(promise, 'slo:error:ratio_rate5m'),
      series: [],
      at: '1h',
      value: undefined,
    },
  ]
}

export const promiseReadings: readonly Reading[] = countedPromises.flatMap(readingsOf)
