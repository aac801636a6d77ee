/** How backups are made and how long they are kept. */
export interface BackupSettings {
  /** What the job `backup` saves. */
  readonly parts: readonly ('database' | 'redis')[]
  /** Of gzip, 1 to 9. */
  readonly compression: number
  readonly keep: {
    readonly localDays: number
    readonly remoteDays: number
    /** So many of the newest complete ones stay whatever their age. At least 1: the newest good one is never removed. */
    readonly least: number
  }
  readonly room: {
    /** The disk has to hold so many times what the backup before took, where there is one. */
    readonly growth: number
    /** Bytes that are to be left on the disk after it. */
    readonly spare: number
  }
  /** Seconds that pg_dump waits for the lock of a table: somebody who alters one would hold it up for ever. */
  readonly lockSeconds: number
  readonly upload: {
    /** Bytes of a part: two are in memory at a time. S3 takes 5 MiB or more, and at most 10 000 parts. */
    readonly partBytes: number
    /** Attempts at each request, with growing pauses between them. */
    readonly attempts: number
    /** Minutes after which an upload nobody finished is taken for one of a run that was killed: no job may run so long. */
    readonly abandonedMinutes: number
  }
  /** Names of files and folders that no archive holds, wherever they are: what a checkout brings back by itself. */
  readonly leaveOut: readonly string[]
}

export const backupSettings: BackupSettings = {
  // The handbook saves the database daily. Redis holds sessions and the bookings that are under way: it goes with it.
  parts: ['database', 'redis'],
  // gzip's own default: 9 takes twice the time for 1 % less.
  compression: 6,
  // The handbook's strategy: 30 days on the disk, one year in the cloud. (Its script has 7 and 30 days.)
  keep: { localDays: 30, remoteDays: 365, least: 3 },
  room: { growth: 1.5, spare: 256 * 1024 ** 2 },
  lockSeconds: 60,
  // 16 MiB reach 156 GiB in 10 000 parts.
  upload: { partBytes: 16 * 1024 ** 2, attempts: 5, abandonedMinutes: 24 * 60 },
  leaveOut: ['node_modules', '.git'],
}
