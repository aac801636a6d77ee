import {
  redisBlockedClientsSurging,
  redisClientBuffersLarge,
  redisClientsDropped,
  redisClientsNearLimit,
  redisConnectionsRejected,
} from '../../../alerts/redis/clients.ts'
import {
  blockedClients,
  connectedClients,
  evictedClients,
  inputDisconnections,
  maxClients,
  outputDisconnections,
} from '../../../exporters/redis/clients.ts'
import { clientBuffers, memoryUsed } from '../../../exporters/redis/memory.ts'
import { rejectedConnections } from '../../../exporters/redis/stats.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { perMinute, steady, trial } from './trial.ts'

const connected = (now: number, most: number) => [
  series(connectedClients, 'redis', steady(now)),
  series(maxClients, 'redis', steady(most)),
]
const blocked = (values: string) => [series(blockedClients, 'redis', values)]
const rejected = (values: string) => [series(rejectedConnections, 'redis', values)]
const mebibytes = 1024 ** 2
const buffers = (bytes: number, all: number) => [
  series(clientBuffers, 'redis', steady(bytes)),
  series(memoryUsed, 'redis', steady(all)),
]
const dropped = (slow: number, greedy: number, large: number) => [
  series(outputDisconnections, 'redis', perMinute(slow)),
  series(inputDisconnections, 'redis', perMinute(greedy)),
  series(evictedClients, 'redis', perMinute(large)),
]

export const clientCases: readonly Case[] = [
  ...trial({
    about: redisClientsNearLimit,
    fault: connected(95, 100),
    early: '1m',
    at: '5m',
    says: { value: '95%' },
    quiet: { 'at 90 %': connected(90, 100), 'where no limit is told': connected(95, 0) },
  }),
  ...trial({
    about: redisConnectionsRejected,
    fault: rejected(perMinute(2)),
    early: '1m',
    at: '10m',
    says: { value: '10' },
    quiet: { 'where none was refused lately': rejected(steady(7)), 'of a restart': rejected('7x4 0x100') },
  }),
  ...trial({
    about: redisBlockedClientsSurging,
    fault: blocked('5x200 40x60'),
    early: '210m',
    at: '225m',
    says: { value: '40' },
    quiet: {
      'of 20': blocked('1x200 20x60'),
      'of workers that always wait': blocked('40x300'),
      'of three times as many as on average': blocked('14x200 40x60'),
      'of a moment': blocked('1x200 40x15 18 40x60'),
      'of a young Prometheus': blocked('_x200 40x60'),
    },
  }),
  ...trial({
    about: redisClientBuffersLarge,
    fault: buffers(100 * mebibytes, 200 * mebibytes),
    early: '4m',
    at: '8m',
    says: { value: '50%' },
    quiet: {
      'at a quarter': buffers(100 * mebibytes, 400 * mebibytes),
      'where there is little at all': buffers(64 * mebibytes, 65 * mebibytes),
    },
  }),
  ...trial({
    about: redisClientsDropped,
    fault: dropped(10, 10, 10),
    early: '1m',
    at: '30m',
    says: { value: '450' },
    quiet: {
      'of none': dropped(0, 0, 0),
      'of three in 15 minutes': dropped(0, 0, 0.2),
    },
  }),
  ...trial({
    about: redisClientsDropped,
    fault: [series(evictedClients, 'redis', perMinute(1))],
    early: '5m',
    at: '30m',
    says: { value: '15' },
    quiet: {},
  }).map((one) => ({ ...one, name: `${one.name} where the server counts only some` })),
]
