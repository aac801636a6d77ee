import type { JobName } from '../../config/jobs.ts'
import type { Definition } from '../../metrics/metric.ts'
import { backupMeasures } from './backup.ts'
import { cleanupMeasures } from './cleanup.ts'
import { restartMeasures } from './restart.ts'
import { restoreTestMeasures } from './restore-test.ts'
import { securityMeasures } from './security.ts'
import { securityUpdateMeasures } from './security-update.ts'
import { updateMeasures } from './update.ts'

/** What each job measures, besides what is known of every run. A record may tell of these, and of nothing else. */
export const measures: Readonly<Record<JobName, readonly Definition[]>> = {
  backup: backupMeasures,
  'backup-files': backupMeasures,
  'backup-configuration': backupMeasures,
  'restore-test': restoreTestMeasures,
  cleanup: cleanupMeasures,
  restart: restartMeasures,
  update: updateMeasures,
  'security-audit': securityMeasures,
  'security-update': securityUpdateMeasures,
}
