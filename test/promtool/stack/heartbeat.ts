import { heartbeat } from '../../../alerts/stack/heartbeat.ts'
import type { Case } from '../case.ts'

export const heartbeatCases: readonly Case[] = [
  {
    name: 'the heartbeat is there a minute after the start, with no series at all',
    about: heartbeat,
    series: [],
    at: '1m',
    fires: [{ rule: heartbeat, labels: {} }],
  },
  {
    name: 'the heartbeat is not there before its first second is over',
    about: heartbeat,
    series: [],
    at: '0m',
    fires: [],
  },
]
