import type { RuleGroup } from '../alert.ts'
import {
  accessTooWide,
  auditCheckBlind,
  filesWorldWritable,
  passwordsWeak,
  portsUnexpected,
  updatesWaiting,
  vulnerabilitiesCritical,
  vulnerabilitiesHigh,
} from './audit.ts'
import {
  endpointCertificateExpired,
  endpointCertificateExpiresSoon,
  endpointCertificateExpiring,
  endpointCertificateOfOther,
  endpointCertificateUntrusted,
} from './certificates.ts'
import { failedLoginsSurging } from './logins.ts'

/** The audit runs once a day; what looks back a week is dear to compute. */
const unhurried = '1m'

export const securityGroups: readonly RuleGroup[] = [
  {
    name: 'security-certificates',
    interval: unhurried,
    rules: [
      endpointCertificateExpired,
      endpointCertificateExpiresSoon,
      endpointCertificateExpiring,
      endpointCertificateUntrusted,
      endpointCertificateOfOther,
    ],
  },
  {
    name: 'security-audit',
    interval: unhurried,
    rules: [
      auditCheckBlind,
      vulnerabilitiesCritical,
      vulnerabilitiesHigh,
      portsUnexpected,
      filesWorldWritable,
      passwordsWeak,
      accessTooWide,
      failedLoginsSurging,
      updatesWaiting,
    ],
  },
]
