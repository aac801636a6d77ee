import {
  cancellationsSurging,
  reservationsRejected,
  reservationsStopped,
  reservationsUnanswered,
} from '../../../alerts/reservations/bookings.ts'
import { reservationsCancelled, reservationsCreated } from '../../../exporters/reservations/bookings.ts'
import { reservationsFunnel } from '../../../exporters/reservations/funnel.ts'
import { reservationsTotal } from '../../../exporters/service/reservations.ts'
import type { Case } from '../case.ts'
import { answered } from '../http/requests.ts'
import { type Phases, rising, scraped, series } from '../series.ts'

const ended = (status: string, phases: Phases) => series(reservationsTotal, 'api', rising(phases), { status })
const visits = answered('200', [[5, 200]])
/** Attempts for forty minutes, and then none. */
const until100 = (perMinute: number): Phases => [
  [0, 60],
  [perMinute, 40],
  [0, 60],
]

/** A quarter of an hour between samples: attempts a week ago, for so many of them, and as long as visitors come. */
const week = 672
const weekAgo = (perStep: number, steps: number) => [
  answered('200', [[75, week + 20]]),
  ended('confirmed', [
    [0, 4],
    [perStep, steps],
    // The last guests of the evening.
    [0.6, 4],
    [0, week + 12 - steps],
  ]),
]

const stopped: readonly Case[] = [
  {
    name: 'visitors of whom nobody tries to book any more are told',
    about: reservationsStopped,
    series: [visits, ended('confirmed', until100(1)), ended('cancelled', [[1, 160]])],
    at: '135m',
    fires: [{ rule: reservationsStopped, labels: scraped.api, value: '40' }],
  },
  {
    name: 'thirty attempts an hour are too few to miss any',
    about: reservationsStopped,
    series: [visits, ended('confirmed', until100(0.75)), ended('cancelled', until100(1))],
    at: '135m',
    fires: [],
  },
  {
    name: 'attempts that are rejected are attempts',
    about: reservationsStopped,
    series: [visits, ended('confirmed', until100(1)), ended('rejected', [[0.2, 160]])],
    at: '135m',
    fires: [],
  },
  {
    name: 'attempts that fail are attempts',
    about: reservationsStopped,
    series: [visits, ended('confirmed', until100(1)), ended('failed', [[0.2, 160]])],
    at: '135m',
    fires: [],
  },
  {
    name: 'attempts are not told to have stopped at once',
    about: reservationsStopped,
    series: [visits, ended('confirmed', until100(1))],
    at: '130m',
    fires: [],
  },
  {
    name: 'attempts are not told to have stopped where no visitor comes either',
    about: reservationsStopped,
    series: [answered('200', [[1, 200]]), ended('confirmed', until100(1))],
    at: '135m',
    fires: [],
  },
  {
    name: 'a day on which nobody tries to book is told where many did a week ago',
    about: reservationsStopped,
    series: weekAgo(12, 8),
    step: '15m',
    at: `${(week + 10) * 15}m`,
    fires: [{ rule: reservationsStopped, labels: scraped.api, value: '48' }],
  },
  {
    name: 'a day on which nobody tries to book is not told where few did a week ago',
    about: reservationsStopped,
    series: weekAgo(3, 8),
    step: '15m',
    at: `${(week + 10) * 15}m`,
    fires: [],
  },
  {
    name: 'attempts that end at the hour at which they ended a week ago are not told',
    about: reservationsStopped,
    series: weekAgo(30, 4),
    step: '15m',
    at: `${(week + 10) * 15}m`,
    fires: [],
  },
]

/** Five minutes between samples: four hours, and then an hour and a half. */
const fromHour4 = (before: number, after: number): Phases => [
  [before, 48],
  [after, 18],
]
const rejecting = (rejected: number, confirmed: number) => [
  ended('confirmed', fromHour4(rejected + confirmed, confirmed)),
  ended('rejected', fromHour4(0, rejected)),
  ended('failed', [[0, 66]]),
  ended('cancelled', [[25, 66]]),
]

const rejected: readonly Case[] = [
  {
    name: 'a service that rejects half of the attempts is told',
    about: reservationsRejected,
    series: rejecting(5, 5),
    step: '5m',
    at: '320m',
    fires: [{ rule: reservationsRejected, labels: scraped.api, value: '37.5%' }],
  },
  {
    name: 'a service that rejects a quarter more of the attempts is not told',
    about: reservationsRejected,
    series: rejecting(5, 10),
    step: '5m',
    at: '320m',
    fires: [],
  },
  {
    name: 'a service that rejected as many all week is not told',
    about: reservationsRejected,
    series: [ended('confirmed', [[5, 66]]), ended('rejected', [[5, 66]])],
    step: '5m',
    at: '320m',
    fires: [],
  },
  {
    name: 'eighteen rejected attempts in an hour are not told',
    about: reservationsRejected,
    series: rejecting(1.5, 0.5),
    step: '5m',
    at: '320m',
    fires: [],
  },
  {
    name: 'rejected attempts are not told at once',
    about: reservationsRejected,
    series: rejecting(5, 5),
    step: '5m',
    at: '290m',
    fires: [],
  },
]

type Counts = readonly [lastHour: string, day: string]
const inDatabase = (cancelled: Counts, created: Counts) =>
  [[reservationsCancelled, cancelled] as const, [reservationsCreated, created] as const].flatMap(
    ([metric, [lastHour, day]]) => [
      series(metric, 'reservations', lastHour, { period: '1h' }),
      series(metric, 'reservations', day, { period: '24h' }),
    ],
  )

const cancelled: readonly Case[] = [
  {
    name: 'many more cancellations than over the day are told',
    about: cancellationsSurging,
    // All of the day's, so that the day has more for each new one as well, and not three times as many.
    series: inDatabase(['1x4 40x20', '1x4 40x20'], ['100x30', '400x30']),
    at: '12m',
    fires: [{ rule: cancellationsSurging, labels: scraped.reservations, value: '40' }],
  },
  {
    name: 'a scrape that failed does not hide cancellations',
    about: cancellationsSurging,
    series: inDatabase(['40x9 _ 40x9', '63x9 _ 63x9'], ['20x9 _ 20x9', '480x9 _ 480x9']),
    at: '12m',
    fires: [{ rule: cancellationsSurging, labels: scraped.reservations, value: '40' }],
  },
  {
    name: 'twenty cancellations in an hour are not told',
    about: cancellationsSurging,
    series: inDatabase(['20x30', '30x30'], ['20x30', '480x30']),
    at: '12m',
    fires: [],
  },
  {
    name: 'cancellations of a busy hour are not told',
    about: cancellationsSurging,
    series: inDatabase(['40x30', '63x30'], ['200x30', '480x30']),
    at: '12m',
    fires: [],
  },
  {
    name: 'cancellations are not told at once',
    about: cancellationsSurging,
    series: inDatabase(['1x4 40x20', '24x4 63x20'], ['20x30', '480x30']),
    at: '9m',
    fires: [],
  },
]

const made = (pending: string, confirmed: string) => [
  series(reservationsFunnel, 'reservations', pending, { period: '24h', status: 'PENDING' }),
  series(reservationsFunnel, 'reservations', confirmed, { period: '24h', status: 'CONFIRMED' }),
  series(reservationsFunnel, 'reservations', '900x60', { period: '7d', status: 'CONFIRMED' }),
  series(reservationsFunnel, 'reservations', '900x60', { period: '7d', status: 'PENDING' }),
]

const unanswered: readonly Case[] = [
  {
    name: 'reservations of a day that mostly wait are told',
    about: reservationsUnanswered,
    series: made('5x9 60x50', '95x9 40x50'),
    at: '45m',
    fires: [{ rule: reservationsUnanswered, labels: scraped.reservations, value: '60%' }],
  },
  {
    name: 'reservations of a day half of which wait are not told',
    about: reservationsUnanswered,
    series: made('50x60', '50x60'),
    at: '45m',
    fires: [],
  },
  {
    name: 'nineteen reservations of a day are not told, though all wait',
    about: reservationsUnanswered,
    series: made('19x60', '0x60'),
    at: '45m',
    fires: [],
  },
  {
    name: 'reservations that wait are not told at once',
    about: reservationsUnanswered,
    series: made('5x9 60x50', '95x9 40x50'),
    at: '35m',
    fires: [],
  },
]

export const bookingCases: readonly Case[] = [...stopped, ...rejected, ...cancelled, ...unanswered]
