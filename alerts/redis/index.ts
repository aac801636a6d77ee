import type { RuleGroup } from '../alert.ts'
import { seldom, unhurried } from '../pace.ts'
import { accessAlerts } from './access.ts'
import { availabilityAlerts } from './availability.ts'
import { clientAlerts } from './clients.ts'
import { clusterAlerts } from './cluster.ts'
import { failoverAlerts } from './failover.ts'
import { keyspaceAlerts } from './keyspace.ts'
import { memoryAlerts } from './memory.ts'
import { performanceAlerts } from './performance.ts'
import { persistenceAlerts } from './persistence.ts'
import { replicationAlerts } from './replication.ts'

export const redisGroups: readonly RuleGroup[] = [
  { name: 'redis-availability', rules: availabilityAlerts },
  { name: 'redis-memory', rules: memoryAlerts },
  // The blocked of a whole day.
  { name: 'redis-clients', interval: unhurried, rules: clientAlerts },
  { name: 'redis-access', rules: accessAlerts },
  // Hundreds of commands.
  { name: 'redis-performance', interval: unhurried, rules: performanceAlerts },
  // Hours of today and of yesterday.
  { name: 'redis-keyspace', interval: seldom, rules: keyspaceAlerts },
  { name: 'redis-persistence', rules: persistenceAlerts },
  { name: 'redis-replication', rules: replicationAlerts },
  { name: 'redis-failover', rules: failoverAlerts },
  { name: 'redis-cluster', rules: clusterAlerts },
]
