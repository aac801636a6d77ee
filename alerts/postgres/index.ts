import type { RuleGroup } from '../alert.ts'
import { availabilityAlerts } from './availability.ts'
import { capacityAlerts } from './capacity.ts'
import { connectionAlerts } from './connections.ts'
import { databaseAlerts } from './databases.ts'
import { indexAlerts } from './indexes.ts'
import { lockAlerts } from './locks.ts'
import { replicationAlerts } from './replication.ts'
import { spillAlerts } from './spill.ts'
import { statementAlerts } from './statements.ts'
import { tableAlerts } from './tables.ts'
import { transactionAlerts } from './transactions.ts'
import { walAlerts } from './wal.ts'
import { wraparoundAlerts } from './wraparound.ts'

/** Those that look at each statement, table or index of a server are evaluated less often. */
export const postgresGroups: readonly RuleGroup[] = [
  { name: 'postgres-availability', rules: availabilityAlerts },
  { name: 'postgres-connections', rules: connectionAlerts },
  { name: 'postgres-transactions', rules: transactionAlerts },
  { name: 'postgres-locks', rules: lockAlerts },
  { name: 'postgres-databases', rules: databaseAlerts },
  { name: 'postgres-statements', interval: '1m', rules: statementAlerts },
  { name: 'postgres-spill', interval: '1m', rules: spillAlerts },
  { name: 'postgres-tables', interval: '1m', rules: tableAlerts },
  { name: 'postgres-indexes', interval: '5m', rules: indexAlerts },
  { name: 'postgres-wraparound', interval: '1m', rules: wraparoundAlerts },
  { name: 'postgres-replication', rules: replicationAlerts },
  { name: 'postgres-wal', rules: walAlerts },
  { name: 'postgres-capacity', interval: '1m', rules: capacityAlerts },
]
