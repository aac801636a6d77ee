import { gauge } from '../../metrics/metric.ts'

/** `source` is `system` or `npm`. */
export const securityInstalled = gauge({
  name: 'security_update_installed',
  counts: 'packages',
  help: 'Packages for which the last security update installed what mends them',
  labels: ['source'],
})
export const securityLeft = gauge({
  name: 'security_update_left',
  counts: 'packages',
  help: 'Packages that waited for what mends them still after the last security update',
  labels: ['source'],
})
export const securityRolledBack = gauge({
  name: 'security_update_rolled_back',
  counts: 'updates',
  help: 'Whether the last security update of the npm packages was taken back (1) or not (0)',
})

/** What a run of the security update tells of. What waits, day by day, is what the audit measures. */
export const securityUpdateMeasures = [securityInstalled, securityLeft, securityRolledBack] as const
