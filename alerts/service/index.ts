import type { RuleGroup } from '../alert.ts'
import { seldom, unhurried } from '../pace.ts'
import {
  clientPoolFull,
  clientPoolWaiting,
  healthCheckFailing,
  healthCheckSlow,
  redisClientLost,
} from './dependencies.ts'
import { instrumentationFaulty, logErrorsSurging, logLinesLost, seriesLimited } from './instrumentation.ts'
import { fileDescriptorsNearLimit, handlesLeaking, memoryGrowing, serviceErrors, serviceRestarting } from './process.ts'
import { eventLoopBusy, eventLoopLagging, garbageCollecting, heapNearLimit, workersSilent } from './runtime.ts'

export const serviceGroups: readonly RuleGroup[] = [
  {
    name: 'service-dependencies',
    rules: [healthCheckFailing, healthCheckSlow, clientPoolWaiting, clientPoolFull],
  },
  { name: 'service-clients', interval: unhurried, rules: [redisClientLost] },
  {
    name: 'service-runtime',
    rules: [eventLoopLagging, eventLoopBusy, garbageCollecting, heapNearLimit, workersSilent],
  },
  { name: 'service-process', rules: [serviceRestarting, serviceErrors, fileDescriptorsNearLimit] },
  // They look back for more than a day, step by step.
  { name: 'service-growth', interval: seldom, rules: [memoryGrowing, handlesLeaking] },
  { name: 'service-instrumentation', rules: [logLinesLost, instrumentationFaulty, seriesLimited] },
  { name: 'service-logs', interval: unhurried, rules: [logErrorsSurging] },
]
