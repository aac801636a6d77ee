/** How the newest backups are restored to see whether they can be. */
export interface RestoreTestSettings {
  /** What is restored, of all that has a backup; of the first there has to be one. */
  readonly kinds: readonly ['database', ...('redis' | 'files' | 'configuration')[]]
  /** Which backups: of the disk, or of the bucket. Left out: of the bucket where there is one. */
  readonly from?: 'local' | 'remote'
  /** The scratch database, which is made and dropped: lower-case letters, digits and _. Nobody else may use the name. */
  readonly database: string
  /** Extensions that are not restored, whoever could: such as work in one database of a server alone. */
  readonly withoutExtensions: readonly string[]
  readonly room: {
    /** A restored database takes so many times the bytes of its dump: what its indexes need is not in a dump. */
    readonly growth: number
    /** Bytes that are to be left on a disk meanwhile. */
    readonly spare: number
  }
  /** So many faults of each kind are named; the rest is counted. */
  readonly named: number
}

export const restoreTestSettings: RestoreTestSettings = {
  kinds: ['database', 'redis', 'files', 'configuration'],
  // The handbook has `techplus_test`, which may well be the database of somebody's tests.
  database: 'techplus_restore_test',
  // It would run there what it runs in the live database.
  withoutExtensions: ['pg_cron'],
  // A dump has the rows as text, about as long as they are on the disk; indexes rarely take more than the rows.
  room: { growth: 2, spare: 256 * 1024 ** 2 },
  named: 20,
}
