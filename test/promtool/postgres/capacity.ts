import type { Alert } from '../../../alerts/alert.ts'
import {
  postgresDatabaseGrows,
  postgresPreparedTransactionStuck,
  postgresSequenceNearEnd,
  postgresSequenceRunsOut,
} from '../../../alerts/postgres/capacity.ts'
import { databaseSize } from '../../../exporters/postgres/databases.ts'
import { preparedByOwner } from '../../../exporters/postgres/prepared-transactions.ts'
import { sequenceLeft, sequenceUsed } from '../../../exporters/postgres/sequences.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { gibibytes, standby } from './at.ts'

const at = scraped.postgres
const sequence = {
  datname: 'techplus',
  schemaname: 'public',
  sequencename: 'reservations_id_seq',
  column: 'reservations.id',
}
const rest = { datname: 'techplus', schemaname: '', sequencename: remainder, column: '' }

const about = (alert: Alert, cases: readonly Omit<Case, 'about'>[]): readonly Case[] =>
  cases.map((one) => ({ about: alert, ...one }))

interface Taken {
  readonly used?: number
  /** In four minutes, which is a step. */
  readonly pace?: number
  readonly labels?: typeof sequence
}

/** After 26 hours, 390 steps, 2 values more than 1.61 million are left at the pace of a thousand. */
const taken = ({ used = 0.9, pace = 1000, labels = sequence }: Taken = {}) => ({
  step: '4m' as const,
  at: '26h' as const,
  series: [
    series(sequenceUsed, 'postgres', `${used}x600`, labels),
    series(sequenceLeft, 'postgres', `2000002${pace < 0 ? '+' : '-'}${Math.abs(pace)}x600`, labels),
  ],
})

const runsOut = about(postgresSequenceRunsOut, [
  {
    name: 'a sequence with values for less than a fortnight is told, and not that it is nearly full',
    ...taken(),
    fires: [{ rule: postgresSequenceRunsOut, labels: { ...at, ...sequence }, value: '4d 11h 20m 0s' }],
  },
  { name: 'a sequence with values for more than a fortnight is not told', ...taken({ pace: 300 }), fires: [] },
  { name: 'a sequence at the pace of the last day is not told within an hour', ...taken(), at: '1480m', fires: [] },
  { name: 'a sequence whose pace is not known for a day is not told', ...taken(), at: '20h', fires: [] },
  { name: 'a sequence of which little is used is not told for a load of rows', ...taken({ used: 0.5 }), fires: [] },
  { name: 'a sequence that rests does not run out', ...taken({ pace: 0 }), fires: [] },
  { name: 'a sequence that was set back does not run out', ...taken({ pace: -1000 }), fires: [] },
  {
    name: 'of a sequence that runs out the primary tells, not its standby',
    ...taken(),
    series: [...taken().series, standby],
    fires: [],
  },
  { name: 'the sequences summed as the remainder do not run out', ...taken({ labels: rest }), fires: [] },
])

const nearEnd = about(postgresSequenceNearEnd, [
  {
    name: 'a sequence that has given out more than four fifths is told',
    ...taken({ used: 0.85, pace: 0 }),
    fires: [{ rule: postgresSequenceNearEnd, labels: { ...at, ...sequence }, value: '85%' }],
  },
  {
    name: 'a sequence near its end is told before its pace is known',
    ...taken({ used: 0.85, pace: 1000 }),
    at: '2h',
    fires: [{ rule: postgresSequenceNearEnd, labels: { ...at, ...sequence }, value: '85%' }],
  },
  { name: 'a sequence that has given out four fifths is not told', ...taken({ used: 0.8, pace: 0 }), fires: [] },
  {
    name: 'a sequence near its end is not told within an hour',
    ...taken({ used: 0.85, pace: 0 }),
    at: '56m',
    fires: [],
  },
  {
    name: 'a sequence near its end with values for more than a fortnight is told as that',
    ...taken({ pace: 300 }),
    fires: [{ rule: postgresSequenceNearEnd, labels: { ...at, ...sequence }, value: '90%' }],
  },
  { name: 'a sequence that runs out is told as that alone', ...taken(), fires: [] },
  {
    name: 'of a sequence near its end the primary tells, not its standby',
    ...taken({ pace: 0 }),
    series: [...taken({ pace: 0 }).series, standby],
    fires: [],
  },
  {
    name: 'the sequences summed as the remainder are not near their end before those shown are',
    ...taken({ pace: 0, labels: rest }),
    fires: [],
  },
])

const prepared = (values: string, owner = 'payments') => ({
  about: postgresPreparedTransactionStuck,
  at: '10m' as const,
  series: [series(preparedByOwner, 'postgres', values, { datname: 'techplus', owner })],
})

const stuck: readonly Case[] = [
  {
    name: 'transactions that were prepared a quarter of an hour ago are told by the role that prepared them',
    ...prepared('300+60x20'),
    series: [...prepared('300+60x20').series, ...prepared('300+60x20', 'billing').series],
    fires: ['payments', 'billing'].map((role) => ({
      rule: postgresPreparedTransactionStuck,
      labels: { ...at, datname: 'techplus', role },
      value: '15m 0s',
    })),
  },
  { name: 'a transaction that was prepared ten minutes ago is not told', ...prepared('0+60x20'), fires: [] },
  { name: 'a transaction that is past its time is not told before two minutes', ...prepared('60+60x20'), fires: [] },
  { name: 'a transaction that was committed is told no longer', ...prepared('600+60x9 stale'), fires: [] },
]

/** For a day, and after that. */
const sized = (before: number, after: number) => ({
  about: postgresDatabaseGrows,
  step: '4m' as const,
  at: '26h' as const,
  series: [
    series(databaseSize, 'postgres', `${gibibytes(before)}x364 ${gibibytes(after)}x100`, { datname: 'techplus' }),
  ],
})

const grows: readonly Case[] = [
  {
    name: 'a database that grew by a third in a day is told',
    ...sized(12, 16),
    fires: [{ rule: postgresDatabaseGrows, labels: { ...at, datname: 'techplus' }, value: '33.33%' }],
  },
  { name: 'a database that grew by a fifth in a day is not told', ...sized(10, 12), fires: [] },
  { name: 'a small database that doubles is not told', ...sized(1, 2), fires: [] },
  { name: 'a database that grew is not told within an hour', ...sized(12, 16), at: '1500m', fires: [] },
  {
    name: 'a database known for less than a day is not told',
    ...sized(12, 16),
    series: [
      series(databaseSize, 'postgres', `_x200 ${gibibytes(12)}x164 ${gibibytes(16)}x100`, { datname: 'techplus' }),
    ],
    fires: [],
  },
  {
    name: 'of a database that grows the primary tells, not its standby',
    ...sized(12, 16),
    series: [...sized(12, 16).series, standby],
    fires: [],
  },
]

export const capacityCases: readonly Case[] = [...runsOut, ...nearEnd, ...stuck, ...grows]
