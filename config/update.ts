/** How the API is brought to its newest version. */
export interface UpdateSettings {
  /** What git brings: the tip of this branch. */
  readonly remote: string
  readonly branch: string
  /** What npm installs the packages with. */
  readonly install: readonly string[]
  readonly schema: {
    /** The npm script that migrates the schema of the database. Undefined where the API has none. */
    readonly migrate?: string
    /**
     * The npm script that takes back what was migrated last: run where the schema has changed and the API is not healthy, as
     * long as the tool says that it has applied something since; once, where it is not known what the tool says.
     */
    readonly rollback?: string
    /** The variable by which both find the database: they get `JOBS_DATABASE_URL` by it, the login of its owner. */
    readonly variable: string
    /** `schema.table` in which the tool keeps what it has applied, where it is none of the usual ones of jobs/update/schema.ts. */
    readonly applied?: string
  }
  /** A backup of the database that began within so many minutes is not made again. */
  readonly backupCountsMinutes: number
  /** Killed so often at the same update, it is taken back. */
  readonly mostKills: number
  /** Each part may take so long; together less than the timeout of the job, so that there is time to take it back. */
  readonly minutes: {
    readonly fetch: number
    readonly install: number
    readonly migrate: number
    /** Until the API answers that it is healthy. */
    readonly healthy: number
    /** Until what a killed run has started and left has come to its end. */
    readonly leftOver: number
  }
  /** Whether the version that `/health` tells of, where it tells one, has to be the new one. */
  readonly versionCounts: boolean
}

export const updateSettings: UpdateSettings = {
  // The handbook: git pull origin main.
  remote: 'origin',
  branch: 'main',
  // The handbook: npm ci --only=production, which npm has called so since 8.
  install: ['ci', '--omit=dev'],
  // The handbook: npm run db:migrate. It has no way back; the script is called as the one forward.
  schema: { migrate: 'db:migrate', rollback: 'db:rollback', variable: 'DATABASE_URL' },
  // What is booked after a backup is not in it.
  backupCountsMinutes: 10,
  mostKills: 3,
  // The handbook waits half a minute for a healthy API, whatever the API does meanwhile.
  minutes: { fetch: 5, install: 20, migrate: 60, healthy: 3, leftOver: 10 },
  versionCounts: true,
}

/** What a security update installs. */
export interface SecurityUpdateSettings {
  /**
   * Of the system: `security` by Debian's unattended-upgrade, which takes what it is configured to take, security updates
   * alone as it comes; `all` by apt-get upgrade, as the handbook does; `none`.
   */
  readonly system: 'security' | 'all' | 'none'
  /** Of the packages: `fix` by npm audit fix, within the ranges of package.json; `none`. */
  readonly npm: 'fix' | 'none'
  /** Lists of packages that are older are not trusted: apt's own timer refreshes them daily. */
  readonly listsDays: number
  readonly minutes: {
    readonly system: number
    readonly npm: number
    readonly healthy: number
  }
}

export const securityUpdateSettings: SecurityUpdateSettings = {
  system: 'security',
  npm: 'fix',
  listsDays: 7,
  minutes: { system: 60, npm: 20, healthy: 3 },
}
