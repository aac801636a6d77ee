import type { RuleGroup } from './alert.ts'
import { postgresAlerts } from './postgres.ts'
import { promiseGroups } from './promises.ts'
import { redisAlerts } from './redis.ts'
import { serviceAlerts } from './service.ts'
import { heartbeat, stackAlerts } from './stack.ts'

/** Every rule, by the file it is written to. */
export const ruleFiles = (): Readonly<Record<string, readonly RuleGroup[]>> => ({
  promises: promiseGroups(),
  postgres: [{ name: 'postgres', rules: postgresAlerts }],
  redis: [{ name: 'redis', rules: redisAlerts }],
  service: [{ name: 'service', rules: serviceAlerts }],
  stack: [
    { name: 'stack', rules: stackAlerts },
    { name: 'heartbeat', rules: [heartbeat] },
  ],
})
