import type { CheckName } from '../../config/security.ts'
import { type Definition, gauge } from '../../metrics/metric.ts'

/** Levels of npm's advisories, from the worst. */
export const vulnerabilityLevels = ['critical', 'high', 'moderate', 'low', 'info'] as const
export type VulnerabilityLevel = (typeof vulnerabilityLevels)[number]

export const securityCheckRan = gauge({
  name: 'security_check_ran',
  counts: 'checks',
  help: 'Whether a check looked at all that it is to look at (1) or could not (0), which says nothing of what is there; a check that nothing is configured for is left out',
  labels: ['check'],
})
export const securityFindings = gauge({
  name: 'security_findings',
  counts: 'findings',
  help: 'What a check found amiss; left out where it could not look at everything and found nothing in the rest',
  labels: ['check'],
})
export const securityVulnerabilities = gauge({
  name: 'security_vulnerabilities',
  counts: 'packages',
  help: 'Packages with a known vulnerability, or needing one that has, by their worst: critical, high, moderate, low or info',
  labels: ['level'],
})
export const certificateExpiry = gauge({
  name: 'security_certificate_expiry_timestamp_seconds',
  help: 'Unix time at which the certificate of an endpoint ends',
  labels: ['endpoint'],
})
export const certificateTrusted = gauge({
  name: 'security_certificate_trusted',
  counts: 'certificates',
  help: 'Whether a known authority vouches for the certificate of an endpoint today (1) or not (0), which it does not once it has ended',
  labels: ['endpoint'],
})
export const certificateNameMatches = gauge({
  name: 'security_certificate_name_matches',
  counts: 'certificates',
  help: 'Whether the certificate of an endpoint is for the name it is reached by (1) or for another (0)',
  labels: ['endpoint'],
})
export const unexpectedPorts = gauge({
  name: 'security_unexpected_ports',
  counts: 'ports',
  help: 'Ports open to others than this machine that config/security.ts does not allow',
})
export const worldWritableFiles = gauge({
  name: 'security_world_writable_files',
  counts: 'files',
  help: 'Files, and folders without a sticky bit, that every user of the machine may change',
})
export const failedLogins = gauge({
  name: 'security_failed_logins',
  counts: 'logins',
  help: 'Logins by SSH that were refused within the 24 hours before the audit',
})
export const weakPasswords = gauge({
  name: 'security_weak_passwords',
  counts: 'passwords',
  help: 'Passwords that are empty, a default or a placeholder, and logins that need none',
})
export const updatesPending = gauge({
  name: 'security_updates_pending',
  counts: 'updates',
  help: 'Security updates that wait: packages of the system, and of npm that a vulnerability can be mended in',
  labels: ['source'],
})
export const rebootRequired = gauge({
  name: 'security_reboot_required',
  counts: 'machines',
  help: 'Whether an update that is installed waits for a restart of the machine (1) or not (0)',
})

/** What each check measures, besides whether it ran and what it found. */
export const measuredBy: Readonly<Record<CheckName, readonly Definition[]>> = {
  npm_audit: [securityVulnerabilities],
  certificates: [certificateExpiry, certificateTrusted, certificateNameMatches],
  ports: [unexpectedPorts],
  permissions: [worldWritableFiles],
  logins: [failedLogins],
  passwords: [weakPasswords],
  postgres_roles: [],
  redis_acl: [],
  updates: [updatesPending, rebootRequired],
}

/** What the audit tells of. */
export const securityMeasures = [
  securityCheckRan,
  securityFindings,
  securityVulnerabilities,
  certificateExpiry,
  certificateTrusted,
  certificateNameMatches,
  unexpectedPorts,
  worldWritableFiles,
  failedLogins,
  weakPasswords,
  updatesPending,
  rebootRequired,
] as const
