import { httpClientErrorsSurging, httpRefusalsSurging, httpUnknownPathsSurging } from '../../../alerts/http/clients.ts'
import { httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case } from '../case.ts'
import { type Phases, scraped, series } from '../series.ts'
import { answered, booking, listing, named, remainder, sideBySide, unknown } from './requests.ts'

const from100 = (before: number, after: number): Phases => [
  [before, 100],
  [after, 40],
]
/** Requests of a route that are turned down from the 100th minute on. */
const turnedDown = (
  status: string,
  [bad, good]: readonly [bad: number, good: number],
  of: Readonly<Record<'method' | 'route', string>> = booking,
) => [answered(status, from100(0, bad), of), answered('201', from100(bad + good, good), of)]

/** A route that turns down half of its requests with this status. */
const halfWith = (status: string) => turnedDown(status, [5, 5], { method: 'POST', route: `/api/${status}` })
const [wrongly, otherwise] = [
  ['400', '404', '409', '410', '422', '431'],
  ['401', '403', '429', '499', '500'],
]

const wrong: readonly Case[] = [
  {
    name: 'each route that turns down half of its requests as wrong is told, and none that refuses or fails',
    about: httpClientErrorsSurging,
    series: [...wrongly, ...otherwise].flatMap(halfWith),
    at: '115m',
    fires: wrongly.map((status) => ({
      rule: httpClientErrorsSurging,
      labels: { ...scraped.api, method: 'POST', route: `/api/${status}` },
      value: '43.48%',
    })),
  },
  {
    name: 'a route that turns down a quarter more of its requests is not told',
    about: httpClientErrorsSurging,
    series: turnedDown('422', [5, 15]),
    at: '115m',
    fires: [],
  },
  {
    name: 'a route that turns down half of its requests all day is not told',
    about: httpClientErrorsSurging,
    series: [answered('409', [[5, 140]], booking), answered('201', [[5, 140]], booking)],
    at: '115m',
    fires: [],
  },
  {
    name: 'nineteen requests that are turned down in ten minutes are not told',
    about: httpClientErrorsSurging,
    series: turnedDown('422', [1.9, 0.1]),
    at: '115m',
    fires: [],
  },
  {
    name: 'requests that are turned down are not told at once',
    about: httpClientErrorsSurging,
    series: turnedDown('422', [5, 5]),
    at: '108m',
    fires: [],
  },
  {
    name: 'paths that are no route, and the remainder beyond the limit, are not told as wrong requests',
    about: httpClientErrorsSurging,
    series: [...turnedDown('404', [5, 5], unknown), ...turnedDown('422', [5, 5], remainder)],
    at: '115m',
    fires: [],
  },
]

const login = { method: 'POST', route: '/api/login' } as const
/** Two minutes between samples: a day, and then an attack. */
const day = 725
const step: Duration = '2m'
const visits = answered('200', [[4, day + 20]])
const refusing = (
  status: string,
  [before, after]: readonly [before: number, after: number],
  of: typeof login | typeof remainder = login,
  steps = day,
) =>
  answered(
    status,
    [
      [before, steps],
      [after, 20],
    ],
    of,
  )
const attacked = (instance: string) => ({
  rule: httpRefusalsSurging,
  labels: { ...named(instance), ...login },
  value: '200',
})

const refusals: readonly Case[] = [
  {
    name: 'a route that refuses many times as much as yesterday is told',
    about: httpRefusalsSurging,
    series: sideBySide({
      'with 401': [visits, refusing('401', [2, 40])],
      'with 403': [visits, refusing('403', [2, 40])],
      'with 429': [visits, refusing('429', [2, 40])],
      'for the first time': [
        visits,
        series(httpRequestsTotal, 'api', `_x${day} 0+40x20`, { ...login, status_code: '401' }),
      ],
      'a hundred': [visits, refusing('401', [1, 19.8])],
      'as yesterday': [visits, refusing('401', [10, 40])],
      'what is wrong': [visits, refusing('422', [1, 40])],
      'since a moment ago': [visits, refusing('401', [1, 60], login, day + 5)],
      'of the remainder': [visits, refusing('401', [1, 40], remainder)],
    }),
    step,
    at: `${(day + 7) * 2}m`,
    fires: ['with 401', 'with 403', 'with 429', 'for the first time'].map(attacked),
  },
  {
    name: 'refusals are not told by a Prometheus that is younger than a day',
    about: httpRefusalsSurging,
    series: [answered('200', [[10, 60]]), answered('401', [[20, 60]], login)],
    at: '40m',
    fires: [],
  },
]

const asked = (perMinute: number, others = 50, of: Readonly<Record<'method' | 'route', string>> = unknown) => [
  answered('404', from100(0, perMinute), of),
  answered('200', [[others, 140]]),
]

const paths: readonly Case[] = [
  {
    name: 'a service that is asked for paths that it does not have is told',
    about: httpUnknownPathsSurging,
    series: asked(30),
    at: '125m',
    fires: [{ rule: httpUnknownPathsSurging, labels: scraped.api, value: '26.79%' }],
  },
  {
    name: 'unknown paths that are a sixth of all requests are not told',
    about: httpUnknownPathsSurging,
    series: asked(12),
    at: '125m',
    fires: [],
  },
  {
    name: 'ninety unknown paths in ten minutes are not told',
    about: httpUnknownPathsSurging,
    series: asked(9, 5),
    at: '125m',
    fires: [],
  },
  {
    name: 'unknown paths are not told before a quarter of an hour is over',
    about: httpUnknownPathsSurging,
    series: asked(30),
    at: '118m',
    fires: [],
  },
  {
    name: 'a route of ours that says 404 is no unknown path',
    about: httpUnknownPathsSurging,
    series: asked(30, 50, listing),
    at: '125m',
    fires: [],
  },
  {
    name: 'a service that is asked for unknown paths all day is not told',
    about: httpUnknownPathsSurging,
    series: [answered('404', [[30, 140]], unknown), answered('200', [[50, 140]])],
    at: '125m',
    fires: [],
  },
]

export const clientCases: readonly Case[] = [...wrong, ...refusals, ...paths]
