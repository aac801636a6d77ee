import {
  cleanupOverdue,
  noShowsHigh,
  reservationFiguresStale,
  reservationsNotClosed,
  reservationsUnread,
  statusUnknown,
} from '../../../alerts/reservations/housekeeping.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { surveyAge, surveyInterval } from '../../../exporters/postgres/survey.ts'
import { cleanupDue } from '../../../exporters/reservations/cleanup.ts'
import { reservationsVitals } from '../../../exporters/reservations/index.ts'
import { reservationsPast } from '../../../exporters/reservations/sittings.ts'
import { overdue, reservationRows } from '../../../exporters/reservations/statuses.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

/** Ten minutes between samples. */
const open = (confirmed: string, pending = '0x100') => [
  series(overdue, 'reservations', confirmed, { status: 'CONFIRMED' }),
  series(overdue, 'reservations', pending, { status: 'PENDING' }),
]

const notClosed: readonly Case[] = [
  {
    name: 'reservations of days that have passed and nobody closes are told',
    about: reservationsNotClosed,
    series: open('5x10 30x90'),
    step: '10m',
    at: '900m',
    fires: [{ rule: reservationsNotClosed, labels: { ...scraped.reservations, status: 'CONFIRMED' }, value: '30' }],
  },
  {
    name: 'twenty reservations that nobody closes are not told',
    about: reservationsNotClosed,
    series: open('20x100', '20x100'),
    step: '10m',
    at: '900m',
    fires: [],
  },
  {
    name: 'reservations that are closed in the morning are not told',
    about: reservationsNotClosed,
    series: open('5x10 300x60 5x30'),
    step: '10m',
    at: '880m',
    fires: [],
  },
  {
    name: 'reservations that are not closed for half a day are not told at once',
    about: reservationsNotClosed,
    series: open('5x10 30x90'),
    step: '10m',
    at: '850m',
    fires: [],
  },
]

const past = (noShow: string, completed: string) => [
  series(reservationsPast, 'reservations', noShow, { period: '7d', status: 'NO_SHOW' }),
  series(reservationsPast, 'reservations', completed, { period: '7d', status: 'COMPLETED' }),
  series(reservationsPast, 'reservations', '900x100', { period: '7d', status: 'CANCELLED' }),
  series(reservationsPast, 'reservations', '900x100', { period: '30d', status: 'NO_SHOW' }),
  series(reservationsPast, 'reservations', '900x100', { period: '30d', status: 'COMPLETED' }),
]

const noShows: readonly Case[] = [
  {
    name: 'a week in which every fifth party did not come is told',
    about: noShowsHigh,
    series: past('20x100', '80x100'),
    at: '70m',
    fires: [{ rule: noShowsHigh, labels: scraped.reservations, value: '20%' }],
  },
  {
    name: 'a week in which every eighth party did not come is not told',
    about: noShowsHigh,
    series: past('12x100', '88x100'),
    at: '70m',
    fires: [],
  },
  {
    name: 'a week with forty-nine parties is not judged',
    about: noShowsHigh,
    series: past('25x100', '24x100'),
    at: '70m',
    fires: [],
  },
  {
    name: 'parties that did not come are not told at once',
    about: noShowsHigh,
    series: past('20x100', '80x100'),
    at: '50m',
    fires: [],
  },
]

/** Half an hour between samples: so many of them are eight days. */
const eightDays = 384
const due = (token: string, completed = `0x${eightDays + 5}`) => [
  series(cleanupDue, 'reservations', token, { reason: 'token' }),
  series(cleanupDue, 'reservations', completed, { reason: 'completed' }),
]

const cleanup: readonly Case[] = [
  {
    name: 'tokens that nobody has cleared for eight days are told, though a scrape failed eight days ago',
    about: cleanupOverdue,
    series: due(`200x2 _ 200x${eightDays + 5}`),
    step: '30m',
    at: `${(eightDays + 3) * 30}m`,
    fires: [{ rule: cleanupOverdue, labels: { ...scraped.reservations, reason: 'token' }, value: '200' }],
  },
  {
    name: 'a cleanup that ran a week ago is not told',
    about: cleanupOverdue,
    series: due(`200x40 0 200x${eightDays}`),
    step: '30m',
    at: `${(eightDays + 3) * 30}m`,
    fires: [],
  },
  {
    name: 'a hundred rows that wait for the cleanup are not told',
    about: cleanupOverdue,
    series: due(`100x${eightDays + 5}`, `100x${eightDays + 5}`),
    step: '30m',
    at: `${(eightDays + 3) * 30}m`,
    fires: [],
  },
  {
    name: 'a cleanup is not told to be overdue by a Prometheus that is younger than eight days',
    about: cleanupOverdue,
    series: due(`200x${eightDays + 5}`),
    step: '30m',
    at: `${(eightDays - 1) * 30}m`,
    fires: [],
  },
  {
    name: 'a cleanup that is overdue is not told at once',
    about: cleanupOverdue,
    series: due(`200x${eightDays + 5}`),
    step: '30m',
    at: `${(eightDays + 1) * 30}m`,
    fires: [],
  },
]

const unknown: readonly Case[] = [
  {
    name: 'a status that is not described is told',
    about: statusUnknown,
    series: [
      series(reservationRows, 'reservations', '7x20 _ 7x40', { status: 'OTHER' }),
      series(reservationRows, 'reservations', '90x60', { status: 'CONFIRMED' }),
    ],
    at: '40m',
    fires: [{ rule: statusUnknown, labels: { ...scraped.reservations, status: 'OTHER' }, value: '7' }],
  },
  {
    name: 'statuses that are described are not told',
    about: statusUnknown,
    series: [series(reservationRows, 'reservations', '90x60', { status: 'CONFIRMED' })],
    at: '40m',
    fires: [],
  },
  {
    name: 'a status that is not described is not told at once',
    about: statusUnknown,
    series: [series(reservationRows, 'reservations', '0x19 7x40', { status: 'OTHER' })],
    at: '45m',
    fires: [],
  },
]

const unread: readonly Case[] = [
  {
    name: 'reservations that cannot be read are told',
    about: reservationsUnread,
    series: [series(reservationsVitals.up, 'reservations', '1x4 0x20'), series(postgresVitals.up, 'postgres', '1x25')],
    at: '15m',
    fires: [{ rule: reservationsUnread, labels: scraped.reservations }],
  },
  {
    name: 'reservations that cannot be read are not told where their server is down',
    about: reservationsUnread,
    series: [
      series(reservationsVitals.up, 'reservations', '1x4 0x20'),
      series(postgresVitals.up, 'postgres', '1x4 0x20'),
    ],
    at: '15m',
    fires: [],
  },
  {
    name: 'reservations that could not be read for some minutes are not told',
    about: reservationsUnread,
    series: [
      series(reservationsVitals.up, 'reservations', '1x4 0x4 1x20'),
      series(postgresVitals.up, 'postgres', '1x25'),
    ],
    at: '10m',
    fires: [],
  },
]

const survey = { datname: 'techplus', survey: 'statuses' } as const
const found = (age: string, job: 'reservations' | 'postgres' = 'reservations') => [
  series(surveyAge, job, age, survey),
  series(surveyInterval, job, '60x40', survey),
]

const stale: readonly Case[] = [
  {
    name: 'figures that are twenty times as old as they should be are told',
    about: reservationFiguresStale,
    series: found('30x4 1200x30'),
    at: '20m',
    fires: [{ rule: reservationFiguresStale, labels: { ...scraped.reservations, ...survey }, value: '20' }],
  },
  {
    name: 'figures that are nine times as old as they should be are not told',
    about: reservationFiguresStale,
    series: found('540x40'),
    at: '20m',
    fires: [],
  },
  {
    name: 'figures that are too old are not told at once',
    about: reservationFiguresStale,
    series: found('30x4 1200x30'),
    at: '13m',
    fires: [],
  },
  {
    name: 'what is found of the server itself is no figure of reservations',
    about: reservationFiguresStale,
    series: found('1200x40', 'postgres'),
    at: '20m',
    fires: [],
  },
]

export const housekeepingCases: readonly Case[] = [
  ...notClosed,
  ...noShows,
  ...cleanup,
  ...unknown,
  ...unread,
  ...stale,
]
