import { probeSuccess } from '../../metrics/foreign.ts'
import type { Duration } from '../../metrics/promql.ts'
import type { Case } from './case.ts'
import { burnAlert, exhausted, labelled, unknown, type Window } from './promise-names.ts'
import { brokenElsewhere } from './promise-recorded.ts'
import { type InputSeries, series } from './series.ts'

const hour = 60
const reachable = 'apiReachable'
const minutes = (answers: Answers): Duration => `${answers.reduce((sum, [, long]) => sum + long, 0)}m`

/** For so many minutes the API answers its probes, or does not, or nobody probes. */
type Answers = readonly (readonly [up: 0 | 1 | '_', minutes: number])[]

/** A probe a minute: a series of days is cheap, and Prometheus finds several in five minutes. */
const probes = (answers: Answers) => ({
  series: [
    series(probeSuccess, 'probe', answers.map(([up, long]) => `${up}x${up === '_' ? long : long - 1}`).join(' ')),
  ],
  at: minutes(answers),
})

/** As long as five minutes look back in Prometheus 2, so that each probe was seen as often as any other. */
const unprobed = ['_', 6] as const

/** Many ways to the API, each probed once a minute. Some of them fail as `others` says, the rest as all do. */
const many = 80
const ways = (all: Answers, others: readonly Answers[]) => {
  const { series: of, at } = probes(all)
  const named = (answers: readonly InputSeries[], i: number) =>
    answers.map((one) => ({ ...one, series: one.series.replace('instance="api"', `instance="way ${i}"`) }))
  const every = Array.from({ length: many }, (_, i) => named(others[i] ? probes(others[i]).series : of, i))
  return { series: every.flat(), at }
}
/** While another promise is broken. */
const withOthers = (situation: ReturnType<typeof ways>, long: number) => ({
  ...situation,
  series: [...situation.series, ...brokenElsewhere(reachable, long)],
})
const times = (many: number, answers: Answers): readonly Answers[] => Array.from({ length: many }, () => answers)

const told = (...windows: readonly Window[]) =>
  windows.map((window) => ({ rule: burnAlert(reachable, window), labels: labelled(reachable), value: '100%' }))

/** Since Prometheus started nobody answered. */
const silent = (long: number) => probes([[0, long]])
/** Of a good time, seven minutes. */
const dip = (after: number) =>
  probes([
    [1, 20],
    [0, 7],
    [1, after],
  ])

export const reachCases: readonly Case[] = [
  {
    name: 'apiReachable: a quarter of an hour without an answer pages',
    about: burnAlert(reachable, '1h'),
    ...silent(16),
    fires: told('1h'),
  },
  {
    name: 'apiReachable: forty minutes without an answer are told as high too',
    about: burnAlert(reachable, '6h'),
    ...silent(40),
    fires: told('1h', '6h'),
  },
  {
    name: 'apiReachable: two hours without an answer are told as medium too',
    about: burnAlert(reachable, '1d'),
    ...silent(110),
    fires: told('1h', '6h', '1d'),
  },
  {
    name: 'apiReachable: four hours without an answer are told over three days too',
    about: burnAlert(reachable, '3d'),
    ...silent(240),
    fires: told('1h', '6h', '1d', '3d'),
  },
  ...(
    [
      ['1h', 1],
      ['6h', 20],
      ['1d', 2 * hour],
      ['3d', 4 * hour],
    ] as const
  ).map(([window, after]) => ({
    name: `apiReachable: seven probes that failed are not told over ${window}: fewer than ten are nobody's outage`,
    about: burnAlert(reachable, window),
    ...dip(after),
    fires: [],
  })),
  {
    name: 'apiReachable: one way of twenty that leads nowhere is told',
    about: burnAlert(reachable, '1h'),
    ...ways([[1, 24]], times(many / 20, [[0, 24]])),
    fires: told('1h', '6h').map((one) => ({ ...one, value: '5%' })),
  },
  {
    name: 'apiReachable: two ways of eighty for less than half an hour are not',
    about: burnAlert(reachable, '1h'),
    ...withOthers(
      ways(
        [[1, 124]],
        times(2, [
          [1, 100],
          [0, 24],
        ]),
      ),
      124,
    ),
    fires: [],
  },
  {
    name: 'apiReachable: an outage that ended a quarter of an hour ago does not page, though one way of eighty fails',
    about: burnAlert(reachable, '1h'),
    ...ways(
      [
        [0, 10],
        [1, 14],
      ],
      [[[0, 24]]],
    ),
    fires: [{ rule: burnAlert(reachable, '6h'), labels: labelled(reachable), value: '42.4%' }],
  },
  {
    name: 'apiReachable: one that ended more than an hour ago is not told as high, though one way fails now and then',
    about: burnAlert(reachable, '6h'),
    ...ways(
      [[0, 10], [1, 70], unprobed],
      [
        [
          [0, 10],
          ...times(14, [
            [0, 1],
            [1, 2],
            [0, 1],
            [1, 1],
          ]).flat(),
          unprobed,
        ],
      ],
    ),
    fires: [{ rule: burnAlert(reachable, '1d'), labels: labelled(reachable), value: '12.94%' }],
  },
  {
    name: 'apiReachable: a budget that is overdrawn is told of',
    about: exhausted(reachable),
    ...silent(50),
    fires: [{ rule: exhausted(reachable), labels: labelled(reachable) }],
  },
  {
    name: 'apiReachable: a budget that seven probes overdrew is not told of',
    about: exhausted(reachable),
    ...dip(30),
    fires: [],
  },
  {
    name: 'apiReachable: probes that nobody makes are missed',
    about: unknown(reachable),
    series: [series(probeSuccess, 'probe', '1x10 stale')],
    at: '25m',
    fires: [{ rule: unknown(reachable), labels: labelled(reachable) }],
  },
  {
    name: 'apiReachable: probes that fail are made all the same',
    about: unknown(reachable),
    ...silent(40),
    fires: [],
  },
]
