import type { Case } from '../case.ts'
import { accessCases } from './access.ts'
import { availabilityCases } from './availability.ts'
import { clientCases } from './clients.ts'
import { clusterCases } from './cluster.ts'
import { failoverCases } from './failover.ts'
import { keyspaceCases } from './keyspace.ts'
import { memoryCases } from './memory.ts'
import { performanceCases } from './performance.ts'
import { persistenceCases } from './persistence.ts'
import { replicationCases } from './replication.ts'

export const redisCases: readonly Case[] = [
  ...availabilityCases,
  ...memoryCases,
  ...clientCases,
  ...accessCases,
  ...performanceCases,
  ...keyspaceCases,
  ...persistenceCases,
  ...replicationCases,
  ...failoverCases,
  ...clusterCases,
]
