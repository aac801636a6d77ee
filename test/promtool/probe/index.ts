import type { Case } from '../case.ts'
import { certificateCases } from './certificates.ts'
import { reachCases } from './reach.ts'

export const probeCases: readonly Case[] = [...reachCases, ...certificateCases]
