import type { Case } from '../case.ts'
import { availabilityCases } from './availability.ts'
import { capacityCases } from './capacity.ts'
import { connectionCases } from './connections.ts'
import { databaseCases } from './databases.ts'
import { indexCases } from './indexes.ts'
import { lockCases } from './locks.ts'
import { replicationCases } from './replication.ts'
import { spillCases } from './spill.ts'
import { statementCases } from './statements.ts'
import { tableCases } from './tables.ts'
import { transactionCases } from './transactions.ts'
import { walCases } from './wal.ts'
import { wraparoundCases } from './wraparound.ts'

export const postgresCases: readonly Case[] = [
  ...availabilityCases,
  ...connectionCases,
  ...transactionCases,
  ...lockCases,
  ...databaseCases,
  ...statementCases,
  ...spillCases,
  ...tableCases,
  ...indexCases,
  ...wraparoundCases,
  ...replicationCases,
  ...walCases,
  ...capacityCases,
]
