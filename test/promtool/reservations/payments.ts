import {
  guestsUnableToPay,
  paymentsDeclined,
  paymentsFailingOften,
  paymentsStopped,
  paymentsStuck,
} from '../../../alerts/reservations/payments.ts'
import { reservationsCreated } from '../../../exporters/reservations/bookings.ts'
import { paymentsFailing, reservationPayments } from '../../../exporters/reservations/payments.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

type Outcomes = Readonly<Partial<Record<'succeeded' | 'declined' | 'failed' | 'other', string>>>

const none = '0x60'
/** What the database has of both periods: zeros where nothing is said, and no `other` before there is one. */
const paid = (hour: Outcomes, day: Outcomes = {}): readonly InputSeries[] =>
  (
    [
      ['1h', hour],
      ['24h', day],
    ] as const
  ).flatMap(([period, { succeeded = none, declined = none, failed = none, other }]) => [
    series(reservationPayments, 'reservations', succeeded, { period, outcome: 'succeeded' }),
    series(reservationPayments, 'reservations', declined, { period, outcome: 'declined' }),
    series(reservationPayments, 'reservations', failed, { period, outcome: 'failed' }),
    ...(other === undefined ? [] : [series(reservationPayments, 'reservations', other, { period, outcome: 'other' })]),
  ])
const made = (hour: string, day: string) => [
  series(reservationsCreated, 'reservations', hour, { period: '1h' }),
  series(reservationsCreated, 'reservations', day, { period: '24h' }),
]

const failing: readonly Case[] = [
  {
    name: 'payments a fifth of which fails are told',
    about: paymentsFailingOften,
    series: paid({ succeeded: '40x60', failed: '0x4 10x50' }, { succeeded: '900x60' }),
    at: '12m',
    fires: [{ rule: paymentsFailingOften, labels: scraped.reservations, value: '20%' }],
  },
  {
    name: 'payments a twelfth of which fails are not told',
    about: paymentsFailingOften,
    series: paid({ succeeded: '55x60', failed: '5x60' }, { failed: '500x60' }),
    at: '12m',
    fires: [],
  },
  {
    name: 'four payments that fail are not told, whatever their share',
    about: paymentsFailingOften,
    series: paid({ failed: '4x60' }),
    at: '12m',
    fires: [],
  },
  {
    name: 'cards that are refused are no payments that fail',
    about: paymentsFailingOften,
    series: paid({ succeeded: '40x60', declined: '40x60' }),
    at: '12m',
    fires: [],
  },
  {
    name: 'payments that fail are not told at once',
    about: paymentsFailingOften,
    series: paid({ succeeded: '40x60', failed: '0x4 10x50' }),
    at: '6m',
    fires: [],
  },
]

const declined: readonly Case[] = [
  {
    name: 'cards that are refused far more often than over the day are told',
    about: paymentsDeclined,
    series: paid({ succeeded: '40x60', declined: '5x4 60x50' }, { succeeded: '640x60', declined: '90x4 160x50' }),
    at: '15m',
    fires: [{ rule: paymentsDeclined, labels: scraped.reservations, value: '40%' }],
  },
  {
    name: 'cards that are refused a fifth more often are not told',
    about: paymentsDeclined,
    series: paid({ succeeded: '60x60', declined: '40x60' }, { succeeded: '800x60', declined: '200x60' }),
    at: '15m',
    fires: [],
  },
  {
    name: 'nineteen refused cards are not told',
    about: paymentsDeclined,
    series: paid({ declined: '19x60' }, { succeeded: '800x60', declined: '19x60' }),
    at: '15m',
    fires: [],
  },
  {
    name: 'refused cards are not told at once',
    about: paymentsDeclined,
    series: paid({ succeeded: '40x60', declined: '5x4 60x50' }, { succeeded: '640x60', declined: '90x4 160x50' }),
    at: '9m',
    fires: [],
  },
]

const stopped: readonly Case[] = [
  {
    name: 'guests who book and do not try to pay any more are told',
    about: paymentsStopped,
    series: [
      ...made('40x60', '800x60'),
      ...paid({ succeeded: '20x4 0x50' }, { succeeded: '300x60', declined: '100x60' }),
    ],
    at: '15m',
    fires: [{ rule: paymentsStopped, labels: scraped.reservations, value: '20' }],
  },
  {
    name: 'an hour for which ten payments would be usual is not told',
    about: paymentsStopped,
    series: [...made('20x60', '800x60'), ...paid({}, { succeeded: '400x60' })],
    at: '15m',
    fires: [],
  },
  {
    name: 'guests who try to pay and cannot are not told as such who do not try',
    about: paymentsStopped,
    series: [...made('40x60', '800x60'), ...paid({ declined: '1x60' }, { succeeded: '400x60' })],
    at: '15m',
    fires: [],
  },
  {
    name: 'payments are not told to have stopped at once',
    about: paymentsStopped,
    series: [...made('40x60', '800x60'), ...paid({ succeeded: '20x4 0x50' }, { succeeded: '400x60' })],
    at: '11m',
    fires: [],
  },
]

const stuck: readonly Case[] = [
  {
    name: 'payments that began over an hour ago and have not ended are told',
    about: paymentsStuck,
    series: paid({ other: '5x60' }, { other: '5x4 15x50' }),
    at: '25m',
    fires: [{ rule: paymentsStuck, labels: scraped.reservations, value: '10' }],
  },
  {
    name: 'five payments that have not ended are not told',
    about: paymentsStuck,
    series: paid({ other: '0x60' }, { other: '5x60' }),
    at: '25m',
    fires: [],
  },
  {
    name: 'payments of the last hour may still end',
    about: paymentsStuck,
    series: paid({ other: '12x60' }, { other: '15x60' }),
    at: '25m',
    fires: [],
  },
  {
    name: 'payments of which all have ended are not told',
    about: paymentsStuck,
    series: paid({ failed: '0x60' }, { failed: '50x60' }),
    at: '25m',
    fires: [],
  },
  {
    name: 'payments that have not ended are not told at once',
    about: paymentsStuck,
    series: paid({ other: '5x60' }, { other: '5x4 15x50' }),
    at: '18m',
    fires: [],
  },
]

const waiting: readonly Case[] = [
  {
    name: 'guests who could not pay are told',
    about: guestsUnableToPay,
    series: [series(paymentsFailing, 'reservations', '25x20 _ 25x40')],
    at: '45m',
    fires: [{ rule: guestsUnableToPay, labels: scraped.reservations, value: '25' }],
  },
  {
    name: 'twenty guests who could not pay are not told',
    about: guestsUnableToPay,
    series: [series(paymentsFailing, 'reservations', '20x60')],
    at: '45m',
    fires: [],
  },
  {
    name: 'guests who could not pay are not told before half an hour is over',
    about: guestsUnableToPay,
    series: [series(paymentsFailing, 'reservations', '0x19 25x40')],
    at: '45m',
    fires: [],
  },
]

export const paymentCases: readonly Case[] = [...failing, ...declined, ...stopped, ...stuck, ...waiting]
