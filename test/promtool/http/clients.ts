import { httpClientErrorsSurging, httpRefusalsSurging, httpUnknownPathsSurging } from '../../../alerts/http/clients.ts'
import { httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case } from '../case.ts'
import { type Phases, scraped, series } from '../series.ts'
import { answered, booking, listing, remainder, unknown } from './requests.ts'

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

const wrong: readonly Case[] = [
  ...['400', '404', '409', '410', '422', '431'].map((status) => ({
    name: `a route that turns down half of its requests with ${status} is told`,
    about: httpClientErrorsSurging,
    series: turnedDown(status, [5, 5]),
    at: '115m' as const,
    fires: [{ rule: httpClientErrorsSurging, labels: { ...scraped.api, ...booking }, value: '43.48%' }],
  })),
  ...['401', '403', '429', '499', '500'].map((status) => ({
    name: `requests that end with ${status} are not told as wrong ones`,
    about: httpClientErrorsSurging,
    series: turnedDown(status, [5, 5]),
    at: '115m' as const,
    fires: [],
  })),
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
/** Five minutes between samples: a day, and then an attack. */
const day = 300
const step: Duration = '5m'
const visits = answered('200', [[10, day + 20]])
const refusing = (status: string, before: number, after: number, of: typeof login | typeof remainder = login) =>
  answered(
    status,
    [
      [before, day],
      [after, 20],
    ],
    of,
  )

const refusals: readonly Case[] = [
  ...['401', '403', '429'].map((status) => ({
    name: `a route that refuses many times as much as yesterday with ${status} is told`,
    about: httpRefusalsSurging,
    series: [visits, refusing(status, 5, 100)],
    step,
    at: '1525m' as const,
    fires: [{ rule: httpRefusalsSurging, labels: { ...scraped.api, ...login }, value: '200' }],
  })),
  {
    name: 'a route that refuses for the first time, and much, is told',
    about: httpRefusalsSurging,
    series: [visits, series(httpRequestsTotal, 'api', `_x${day} 0+100x20`, { ...login, status_code: '401' })],
    step,
    at: '1525m',
    fires: [{ rule: httpRefusalsSurging, labels: { ...scraped.api, ...login }, value: '200' }],
  },
  {
    name: 'a hundred refusals in ten minutes are not told',
    about: httpRefusalsSurging,
    series: [visits, refusing('401', 1, 50)],
    step,
    at: '1525m',
    fires: [],
  },
  {
    name: 'a route that refused nearly as much yesterday is not told',
    about: httpRefusalsSurging,
    series: [visits, refusing('401', 25, 100)],
    step,
    at: '1525m',
    fires: [],
  },
  {
    name: 'requests that are wrong are not told as refused ones',
    about: httpRefusalsSurging,
    series: [visits, refusing('422', 1, 100)],
    step,
    at: '1525m',
    fires: [],
  },
  {
    name: 'refusals are not told at once',
    about: httpRefusalsSurging,
    series: [visits, refusing('401', 1, 100)],
    step,
    at: '1505m',
    fires: [],
  },
  {
    name: 'refusals are not told by a Prometheus that is younger than a day',
    about: httpRefusalsSurging,
    series: [answered('200', [[10, 60]]), answered('401', [[100, 60]], login)],
    step,
    at: '200m',
    fires: [],
  },
  {
    name: 'what the remainder beyond the limit refuses is not told',
    about: httpRefusalsSurging,
    series: [visits, refusing('401', 1, 100, remainder)],
    step,
    at: '1525m',
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
