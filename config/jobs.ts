/** Every maintenance job, in the order of the handbook. */
export const jobNames = [
  'backup',
  'backup-files',
  'backup-configuration',
  'restore-test',
  'cleanup',
  'restart',
  'update',
  'security-audit',
  'security-update',
] as const
export type JobName = (typeof jobNames)[number]

/** What is set of every job. */
export interface JobSetting {
  /** What it does, as a part of a sentence. */
  readonly words: string
  /** A job that changes anything runs only where this is true. `--dry-run` works all the same. */
  readonly on: boolean
  /** Why it can't work where this runs: it is off there, whatever `on` says, and tells this to whoever asks. */
  readonly impossible?: string
  /** When it runs, as a cron expression in `timeZone`; without one it runs only when somebody asks. */
  readonly schedule?: string
  /** Where it never ran, the schedule does not wait for its time: others need what it makes. */
  readonly firstAtOnce?: true
  /** After so long it is stopped, and has failed. */
  readonly timeoutMinutes: number
  /** Without a sign of progress for so long it counts as hanging, which is an alert. Less than the timeout. */
  readonly quietMinutes: number
}

/** The zone in which schedules are read: the handbook's restaurants are French. */
export const timeZone = 'Europe/Paris'

/**
 * The jobs of the handbook. All but the audit change something, and are off until somebody who knows the machine switches
 * them on here.
 */
export const jobs = {
  backup: {
    words: 'saves the database and Redis',
    on: false,
    // The handbook: daily.
    schedule: '15 2 * * *',
    timeoutMinutes: 180,
    quietMinutes: 15,
  },
  'backup-files': {
    words: 'saves files',
    on: false,
    // The handbook: weekly.
    schedule: '15 1 * * 0',
    timeoutMinutes: 180,
    quietMinutes: 15,
  },
  'backup-configuration': {
    words: 'saves the configuration',
    on: false,
    // The handbook: monthly.
    schedule: '45 1 1 * *',
    timeoutMinutes: 60,
    quietMinutes: 15,
  },
  'restore-test': {
    words: 'restores the newest backup into a scratch database and looks at what came back',
    on: false,
    // After the backups of the night before; the handbook has no day.
    schedule: '0 4 * * 0',
    timeoutMinutes: 240,
    quietMinutes: 30,
  },
  cleanup: {
    words: 'removes reservations past their time, expired tokens and keys',
    on: false,
    // Behind the backup, which has what is removed.
    schedule: '30 5 * * *',
    timeoutMinutes: 120,
    quietMinutes: 15,
  },
  restart: {
    words: 'restarts the API where its health check fails',
    on: false,
    schedule: '* * * * *',
    timeoutMinutes: 20,
    quietMinutes: 10,
  },
  update: {
    words: 'brings the API to its newest version',
    on: false,
    timeoutMinutes: 240,
    quietMinutes: 30,
  },
  'security-audit': {
    words: 'looks for known vulnerabilities, certificates that end, open ports and doors',
    // It only reads.
    on: true,
    schedule: '0 6 * * *',
    timeoutMinutes: 30,
    quietMinutes: 10,
  },
  'security-update': {
    words: 'installs security updates of the system and of packages',
    on: false,
    timeoutMinutes: 120,
    quietMinutes: 30,
  },
} as const satisfies Readonly<Record<JobName, JobSetting>>

/** Of every job. */
export type JobSettings = Readonly<Record<JobName, JobSetting>>

/** In the demo, so that there is something to see: often, and on its own servers. Each waits for the one before, also at first. */
const demoJobs: Readonly<Partial<Record<JobName, Partial<JobSetting>>>> = {
  backup: { on: true, schedule: '*/15 * * * *', firstAtOnce: true },
  'restore-test': { on: true, schedule: '3-59/15 * * * *' },
  cleanup: { on: true, schedule: '6-59/15 * * * *' },
}

/** What is the machine's and not the container's, by the jobs that work on it. Each would fail every time it is run. */
export const notInContainers: Readonly<Partial<Record<JobName, string>>> = {
  restart:
    'from a container nobody reaches who keeps the API running: PM2, systemd or Docker of the machine. Run it on the machine; a container that ended is restarted by Docker itself',
  update:
    "the API's checkout, git, npm and who restarts it are the machine's. Run it on the machine; an API in a container is updated by its image",
  'security-update':
    'the packages of a container come with its image, and those of the machine are out of reach. Run it on the machine; pull and build the images anew for those in containers',
}

/** Where the jobs run: `JOBS_DEMO` and `JOBS_IN_CONTAINER`. */
interface Where {
  readonly JOBS_DEMO?: string | undefined
  readonly JOBS_IN_CONTAINER?: string | undefined
}

/** As they hold here. */
export const settingsFor = ({ JOBS_DEMO, JOBS_IN_CONTAINER }: Where, all: JobSettings = jobs): JobSettings => {
  const settings: Record<JobName, JobSetting> = { ...all }
  for (const name of jobNames) {
    const impossible = JOBS_IN_CONTAINER === undefined ? undefined : notInContainers[name]
    settings[name] = {
      ...all[name],
      ...(JOBS_DEMO !== undefined && demoJobs[name]),
      ...(impossible !== undefined && { on: false, impossible }),
    }
  }
  return settings
}
