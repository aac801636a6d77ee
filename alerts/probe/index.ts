import type { RuleGroup } from '../alert.ts'
import { certificateExpired, certificateExpiresSoon, certificateExpiring } from './certificates.ts'
import { apiAnswerUnexpected, apiDown, apiProbeSlow } from './reach.ts'

export const probeGroups: readonly RuleGroup[] = [
  { name: 'probe-reach', rules: [apiDown, apiProbeSlow, apiAnswerUnexpected] },
  // Looks back a day, at what changes once in months.
  {
    name: 'probe-certificates',
    interval: '1m',
    rules: [certificateExpired, certificateExpiresSoon, certificateExpiring],
  },
]
