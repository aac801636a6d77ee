/** A table or a view. Names are written as the database keeps them, without quotes: `Bookings` is not `bookings`. */
export interface TableName {
  /** The schema it is in. Left out: the first in the search path of the exporter's login that has it. */
  readonly schema?: string
  readonly name: string
}

/** What becomes of a reservation, in the order of its life; the label `status` has them as `PENDING` to `NO_SHOW`. */
export const meanings = ['pending', 'confirmed', 'cancelled', 'completed', 'noShow'] as const
export type Meaning = (typeof meanings)[number]

/** What becomes of a payment: the money came; the card was refused; an error of ours or of the provider. */
export const paymentOutcomes = ['succeeded', 'declined', 'failed'] as const
export type PaymentOutcome = (typeof paymentOutcomes)[number]

/** Attempts to pay, one row each. */
export interface PaymentTable {
  readonly table: TableName
  readonly columns: {
    readonly status: string
    readonly created: string
    /** What it is for. Left out: how many reservations wait for a payment that fails is not served. */
    readonly reservation?: string
  }
  /** The values of `status`, by what they mean. Any other is counted as `other`. */
  readonly outcomes: Readonly<Record<PaymentOutcome, readonly string[]>>
}

/** Where a team keeps its reservations. What is left out is not read, and its metrics are not served. */
export interface ReservationTable {
  readonly table: TableName
  readonly columns: {
    /** Text, an enum or a number. */
    readonly status: string
    /** When the guests come: a day or a moment. */
    readonly date: string
    readonly partySize?: string
    readonly created?: string
    readonly cancelled?: string
  }
  /** What a guest manages a reservation with: `token` is null where there is none, `expires` where it never ends. */
  readonly tokens?: { readonly token: string; readonly expires: string }
  /** The values of `status`, by what they mean; an empty list where there is no such state. Any other is counted as OTHER. */
  readonly statuses: Readonly<Record<Meaning, readonly string[]>>
  readonly payments?: PaymentTable
}

/** The tables of the reservation service, in the handbook's names. */
export const reservationTable: ReservationTable = {
  table: { schema: 'public', name: 'reservations' },
  columns: {
    status: 'status',
    date: 'date',
    partySize: 'party_size',
    created: 'created_at',
    cancelled: 'cancelled_at',
  },
  tokens: { token: 'management_token', expires: 'token_expires_at' },
  statuses: {
    pending: ['PENDING'],
    confirmed: ['CONFIRMED'],
    cancelled: ['CANCELLED'],
    completed: ['COMPLETED'],
    noShow: ['NO_SHOW'],
  },
  payments: {
    table: { schema: 'public', name: 'payments' },
    columns: { status: 'status', created: 'created_at', reservation: 'reservation_id' },
    outcomes: { succeeded: ['succeeded'], declined: ['declined'], failed: ['failed'] },
  },
}
