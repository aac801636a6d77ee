import type { JobName } from '../../config/jobs.ts'
import type { Definition } from '../../metrics/metric.ts'

/** What each job measures, besides what is known of every run. A record may tell of these, and of nothing else. */
export const measures: Readonly<Record<JobName, readonly Definition[]>> = {
  backup: [],
  'backup-files': [],
  'backup-configuration': [],
  'restore-test': [],
  cleanup: [],
  restart: [],
  update: [],
  'security-audit': [],
  'security-update': [],
}
