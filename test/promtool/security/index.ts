import type { Case } from '../case.ts'
import { auditCases } from './audit.ts'
import { auditedCertificateCases } from './certificates.ts'

export const securityCases: readonly Case[] = [...auditedCertificateCases, ...auditCases]
