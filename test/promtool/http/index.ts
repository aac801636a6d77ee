import type { Case } from '../case.ts'
import { clientCases } from './clients.ts'
import { errorCases } from './errors.ts'
import { inFlightCases } from './in-flight.ts'
import { latencyCases } from './latency.ts'
import { trafficCases } from './traffic.ts'

export const httpCases: readonly Case[] = [
  ...trafficCases,
  ...inFlightCases,
  ...errorCases,
  ...clientCases,
  ...latencyCases,
]
