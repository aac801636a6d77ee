import { probeSuccess } from '../../metrics/foreign.ts'
import type { Duration } from '../../metrics/promql.ts'
import type { Case } from './case.ts'
import { burnAlert, exhausted, labelled, unknown, type Window } from './promise-names.ts'
import { series } from './series.ts'

const hour = 60
const minutes = (answers: Answers): Duration => `${answers.reduce((sum, [, long]) => sum + long, 0)}m`

/** For so many minutes the API answers its probes, or does not. */
type Answers = readonly (readonly [up: 0 | 1, minutes: number])[]

/** A probe a minute: a series of days is cheap, and Prometheus finds several in five minutes. */
const probes = (answers: Answers) => ({
  series: [series(probeSuccess, 'probe', answers.map(([up, long]) => `${up}x${long - 1}`).join(' '))],
  at: minutes(answers),
})

const reachable = 'apiReachable'
const told = (...windows: readonly Window[]) =>
  windows.map((window) => ({ rule: burnAlert(reachable, window), labels: labelled(reachable), value: '100%' }))

/** Since Prometheus started nobody answered. */
const silent = (long: number) => probes([[0, long]])
/** Of a long good time, seven minutes. */
const dip = (after: number) =>
  probes([
    [1, 7 * hour],
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
