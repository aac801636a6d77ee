import type { RuleGroup } from '../alert.ts'
import { seldom, unhurried } from '../pace.ts'
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
  { name: 'postgres-statements', interval: unhurried, rules: statementAlerts },
  { name: 'postgres-spill', interval: unhurried, rules: spillAlerts },
  { name: 'postgres-tables', interval: unhurried, rules: tableAlerts },
  { name: 'postgres-indexes', interval: seldom, rules: indexAlerts },
  { name: 'postgres-wraparound', interval: unhurried, rules: wraparoundAlerts },
  { name: 'postgres-replication', rules: replicationAlerts },
  { name: 'postgres-wal', rules: walAlerts },
  { name: 'postgres-capacity', interval: seldom, rules: capacityAlerts },
]
