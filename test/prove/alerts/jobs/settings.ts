import { type JobName, type JobSetting, type JobSettings, jobs } from '../../../../config/jobs.ts'

/** A folder of jobs that is read, and what is set of single jobs otherwise than in production. */
export interface WatchedFolder {
  readonly folder: string
  readonly settings?: Readonly<Partial<Record<JobName, Partial<JobSetting>>>>
}

/** All are on: whose are off by default, nobody waits for. None has a schedule, unless it is set. */
export const settingsOf = ({ settings = {} }: Pick<WatchedFolder, 'settings'>): JobSettings => {
  const one = (name: JobName): JobSetting => {
    const { schedule: _, ...rest }: JobSetting = jobs[name]
    return { ...rest, on: true, ...settings[name] }
  }
  return {
    backup: one('backup'),
    'backup-files': one('backup-files'),
    'backup-configuration': one('backup-configuration'),
    'restore-test': one('restore-test'),
    cleanup: one('cleanup'),
    restart: one('restart'),
    update: one('update'),
    'security-audit': one('security-audit'),
    'security-update': one('security-update'),
  }
}
