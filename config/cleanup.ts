import { reservationTable, type TableName } from './reservations.ts'

/** How PostgreSQL is cleaned. */
export interface DatabaseCleanup {
  /** How long completed reservations are kept, as PostgreSQL writes an interval: `1 year`. */
  readonly kept: string
  /**
   * Tables whose rows may go with a reservation, where a foreign key says ON DELETE CASCADE. A cascade into any other table
   * is refused: nobody may have meant it.
   */
  readonly dependants: readonly TableName[]
  readonly batch: BatchSetting
  readonly reindex: ReindexSetting
}

/** How much is changed at one go. While a batch is not committed, whoever wants one of its rows waits. */
export interface BatchSetting {
  /** Rows of the first batch; those that follow are as large as fits into `aimMs`, up to `mostRows`. */
  readonly rows: number
  readonly mostRows: number
  /** Milliseconds that a batch should take. */
  readonly aimMs: number
  /** Milliseconds after which the server gives a batch up, and half of it is tried. No lock is held much longer. */
  readonly statementMs: number
  /** Milliseconds that a batch waits for somebody else's lock. */
  readonly lockMs: number
  /** A pause behind each batch: so many times what the batch took. */
  readonly pause: number
}

/** Which indexes are rebuilt. */
export interface ReindexSetting {
  /** Only those of these tables. */
  readonly tables: readonly TableName[]
  /** Of an index, at least this share and this many bytes hold nothing. Both, or rebuilding it is not worth its work. */
  readonly share: number
  readonly bytes: number
  /** Bytes that have to be free beyond the new index and its write-ahead log. */
  readonly spareBytes: number
  /** Where nobody can tell how much room there is, as the server is on another machine, larger ones are left. */
  readonly blindBytes: number
  /** Milliseconds that a rebuild waits for transactions that are older than it, at each of its steps. */
  readonly lockMs: number
}

/** How Redis is cleaned. */
export interface CacheCleanup {
  /** What keys that were put aside begin with, and what sessions begin with. */
  readonly expired: string
  readonly sessions: string
  /** A session without an end goes when nobody has read or written it for so many days; with 0, whenever it was used last. */
  readonly idleDays: number
  /** Keys that are looked at in a second, and removed in a second, at most. */
  readonly lookedAtPerSecond: number
  readonly removedPerSecond: number
}

/** What goes without a word in one run, of each kind. Where more is due, none of that kind goes, and the run asks. */
export interface Ceilings {
  readonly reservations: number
  readonly tokens: number
  readonly expired_keys: number
  readonly sessions: number
}

/** What is cleaned. A part that is left out is not cleaned, and needs no server. */
export interface CleanupSetting {
  readonly database?: DatabaseCleanup
  readonly cache?: CacheCleanup
  readonly ceilings: Ceilings
}

const mebibyte = 1024 ** 2

/** The handbook's "Nettoyage", with what it leaves open. */
export const cleanupSetting: CleanupSetting = {
  database: {
    // The handbook: date < CURRENT_DATE - INTERVAL '1 year'.
    kept: '1 year',
    dependants: reservationTable.payments ? [reservationTable.payments.table] : [],
    batch: {
      rows: 100,
      mostRows: 2_000,
      // A fifth of what the service promises for a request: 0.5 s.
      aimMs: 100,
      statementMs: 1_000,
      lockMs: 200,
      // A third of the time is work.
      pause: 2,
    },
    reindex: {
      // The handbook: REINDEX TABLE reservations, users, tables.
      tables: [reservationTable.table, { schema: 'public', name: 'users' }, { schema: 'public', name: 'tables' }],
      // A B-tree that grew at random is a third empty as a rule: below that, rebuilding gains nothing for long.
      share: 0.4,
      bytes: 64 * mebibyte,
      spareBytes: 1_024 * mebibyte,
      blindBytes: 1_024 * mebibyte,
      lockMs: 60_000,
    },
  },
  cache: {
    expired: 'expired:',
    sessions: 'session:',
    // The handbook removes every session without an end. Of a guest who was there this week it would be the login.
    idleDays: 7,
    // A command of Redis takes some microseconds: together under 5 % of its one processor.
    lookedAtPerSecond: 10_000,
    removedPerSecond: 1_000,
  },
  // Ten times what a restaurant group with 1,000 reservations a day has to clean after a day without a run.
  ceilings: { reservations: 10_000, tokens: 10_000, expired_keys: 100_000, sessions: 100_000 },
}
