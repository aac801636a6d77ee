import type { Meaning, PaymentOutcome, PaymentTable, ReservationTable } from '../../config/reservations.ts'
import { type Note, nameIn, namesIn, tableIn } from './names.ts'
import type { Relation } from './read.ts'
import { type Vocabulary, vocabulary } from './vocabulary.ts'

/** The reservations as `config/reservations.ts` describes them: checked, and quoted for SQL. */
export interface Book {
  readonly relation: Relation
  readonly status: string
  readonly date: string
  readonly partySize?: string
  readonly created?: string
  readonly cancelled?: string
  readonly tokens?: { readonly token: string; readonly expires: string }
  readonly states: Vocabulary<Meaning>
}

/** The payments as they are described there. */
export interface Payments {
  readonly relation: Relation
  readonly status: string
  readonly created: string
  readonly reservation?: string
  readonly outcomes: Vocabulary<PaymentOutcome>
}

/** What the label `status` says of each meaning. */
const statusLabels = {
  pending: 'PENDING',
  confirmed: 'CONFIRMED',
  cancelled: 'CANCELLED',
  completed: 'COMPLETED',
  noShow: 'NO_SHOW',
} as const satisfies Record<Meaning, string>
const outcomeLabels = { succeeded: 'succeeded', declined: 'declined', failed: 'failed' } as const

/**
 * Makes a description fit for SQL. Nothing is read.
 * @throws Error with one line per fault, all of them at once: the key, what is wrong, and what to write instead
 */
export const openBook = (table: ReservationTable): { readonly book: Book; readonly payments: Payments | undefined } => {
  const faults: string[] = []
  const note: Note = (key, fault) => void faults.push(`  ${key} ${fault}`)
  const book = bookOf(note, table)
  const payments = table.payments && paymentsOf(note, table.payments)
  if (faults.length > 0) throw new Error(`config/reservations.ts has faults:\n${faults.join('\n')}`)
  return { book, payments }
}

const bookOf = (note: Note, { table, columns, tokens, statuses }: ReservationTable): Book => {
  const { status: state, date: day, ...others } = columns
  const status = nameIn(note, 'columns.status', state)
  const date = nameIn(note, 'columns.date', day)
  const more = namesIn(note, 'columns', others)
  const kept = tokens && {
    token: nameIn(note, 'tokens.token', tokens.token),
    expires: nameIn(note, 'tokens.expires', tokens.expires),
  }
  const relation = {
    ...tableIn(note, 'table', table),
    keys: { table: 'table', columns: tokens ? 'columns and tokens' : 'columns', values: 'statuses' },
    columns: [status, date, ...Object.values(more), ...Object.values(kept ?? {})],
  }
  const words = { column: status, values: statuses, labels: statusLabels, other: 'OTHER' }
  const states = vocabulary(note, 'statuses', words)
  return { relation, status, date, ...more, ...(kept && { tokens: kept }), states }
}

const paymentsOf = (note: Note, { table, columns, outcomes }: PaymentTable): Payments => {
  const { status: outcome, created: moment, ...others } = columns
  const status = nameIn(note, 'payments.columns.status', outcome)
  const created = nameIn(note, 'payments.columns.created', moment)
  const more = namesIn(note, 'payments.columns', others)
  const relation = {
    ...tableIn(note, 'payments.table', table),
    keys: { table: 'payments.table (or leave out payments)', columns: 'payments.columns', values: 'payments.outcomes' },
    columns: [status, created, ...Object.values(more)],
  }
  const words = { column: status, values: outcomes, labels: outcomeLabels, other: 'other' }
  return { relation, status, created, ...more, outcomes: vocabulary(note, 'payments.outcomes', words) }
}
