import type { Case } from '../case.ts'
import { apiCases } from './api.ts'
import { backupCases } from './backups.ts'
import { runCases } from './runs.ts'
import { scheduleCases } from './schedule.ts'

export const jobCases: readonly Case[] = [...apiCases, ...runCases, ...scheduleCases, ...backupCases]
