import { httpRequestsAbandoned, httpRouteFailing } from '../../../alerts/http/errors.ts'
import { httpRequestsAborted } from '../../../exporters/service/http/metrics.ts'
import type { Case } from '../case.ts'
import { type Phases, rising, scraped, series } from '../series.ts'
import { answered, booking, listing, remainder } from './requests.ts'

const from20 = (before: number, after: number): Phases => [
  [before, 20],
  [after, 40],
]
/** Bookings of which some fail from the 20th minute on, beside so many other requests. */
const bookings = (bad: number, good: number, of: typeof booking | typeof remainder = booking) => [
  answered('503', from20(0, bad), of),
  answered('201', from20(bad + good, good), of),
]
const others = answered('200', [[100, 60]])

const failing: readonly Case[] = [
  {
    name: 'a route of which every fourth request fails is told, though most of all are answered',
    about: httpRouteFailing,
    series: [...bookings(4, 12), others],
    at: '35m',
    fires: [{ rule: httpRouteFailing, labels: { ...scraped.api, ...booking }, value: '25%' }],
  },
  {
    name: 'a route that fails is told beside another one of the same path',
    about: httpRouteFailing,
    series: [...bookings(4, 0), answered('200', [[400, 60]], { method: 'GET', route: booking.route })],
    at: '35m',
    fires: [{ rule: httpRouteFailing, labels: { ...scraped.api, ...booking }, value: '100%' }],
  },
  {
    name: 'a route of which every seventh request fails is not told',
    about: httpRouteFailing,
    series: [...bookings(3, 17), others],
    at: '35m',
    fires: [],
  },
  {
    name: 'nine errors of a route in ten minutes are not told, whatever their share',
    about: httpRouteFailing,
    series: [...bookings(0.9, 1.1), others],
    at: '35m',
    fires: [],
  },
  {
    name: 'a route that fails is not told at once',
    about: httpRouteFailing,
    series: [...bookings(4, 12), others],
    at: '29m',
    fires: [],
  },
  {
    name: 'a service all of which fails is left to its promise',
    about: httpRouteFailing,
    series: [...bookings(4, 12), answered('503', from20(0, 100)), answered('200', from20(400, 300))],
    at: '35m',
    fires: [],
  },
  {
    name: 'the remainder beyond the limit is no route that fails',
    about: httpRouteFailing,
    series: [...bookings(4, 12, remainder), others],
    at: '35m',
    fires: [],
  },
  {
    name: 'a route that failed goes on being told for five minutes',
    about: httpRouteFailing,
    series: [
      answered(
        '503',
        [
          [0, 20],
          [4, 15],
          [0, 30],
        ],
        booking,
      ),
      answered(
        '201',
        [
          [16, 20],
          [12, 15],
          [0, 30],
        ],
        booking,
      ),
      others,
    ],
    at: '46m',
    fires: [{ rule: httpRouteFailing, labels: { ...scraped.api, ...booking }, value: '25%' }],
  },
]

const from100 = (before: number, after: number): Phases => [
  [before, 100],
  [after, 40],
]
/** Requests of a route whose clients leave from the 100th minute on. */
const leaving = (left: number, answeredThen: number, of: Readonly<Record<'method' | 'route', string>> = listing) => [
  series(httpRequestsAborted, 'api', rising(from100(0, left)), of),
  answered('499', from100(0, left), of),
  answered('200', from100(left + answeredThen, answeredThen), of),
]

const abandoned: readonly Case[] = [
  {
    name: 'a route that half of its clients leave is told',
    about: httpRequestsAbandoned,
    series: leaving(5, 5),
    at: '115m',
    fires: [{ rule: httpRequestsAbandoned, labels: { ...scraped.api, ...listing }, value: '43.48%' }],
  },
  {
    name: 'a route that every tenth client leaves is not told',
    about: httpRequestsAbandoned,
    series: leaving(3, 27),
    at: '115m',
    fires: [],
  },
  {
    name: 'a route that its clients left all day is not told',
    about: httpRequestsAbandoned,
    series: [
      series(httpRequestsAborted, 'api', rising([[5, 140]]), listing),
      answered('499', [[5, 140]]),
      answered('200', [[5, 140]]),
    ],
    at: '115m',
    fires: [],
  },
  {
    name: 'eighteen clients that leave in ten minutes are not told',
    about: httpRequestsAbandoned,
    series: leaving(1.8, 1.2),
    at: '115m',
    fires: [],
  },
  {
    name: 'clients that leave are not told at once',
    about: httpRequestsAbandoned,
    series: leaving(5, 5),
    at: '106m',
    fires: [],
  },
  {
    name: 'clients that leave the remainder beyond the limit are not told',
    about: httpRequestsAbandoned,
    series: leaving(5, 5, remainder),
    at: '115m',
    fires: [],
  },
]

export const errorCases: readonly Case[] = [...failing, ...abandoned]
