import type { Case } from '../case.ts'
import { dependencyCases } from './dependencies.ts'
import { instrumentationCases } from './instrumentation.ts'
import { processCases } from './process.ts'
import { runtimeCases } from './runtime.ts'

export const serviceCases: readonly Case[] = [
  ...dependencyCases,
  ...runtimeCases,
  ...processCases,
  ...instrumentationCases,
]
