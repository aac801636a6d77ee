import type { JobName } from '../../config/jobs.ts'
import type { Definition } from '../../metrics/metric.ts'
import { cleanupMeasures } from './cleanup.ts'
import { restartMeasures } from './restart.ts'

/** What each job measures, besides what is known of every run. A record may tell of these, and of nothing else. */
export const measures: Readonly<Record<JobName, readonly Definition[]>> = {
  backup: [],
  'backup-files': [],
  'backup-configuration': [],
  'restore-test': [],
  cleanup: cleanupMeasures,
  restart: restartMeasures,
  update: [],
  'security-audit': [],
  'security-update': [],
}
