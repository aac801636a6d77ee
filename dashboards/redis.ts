import { boundary } from '../alerts/alert.ts'
import { memoryLimit, memoryShare, redisMemoryNearLimit } from '../alerts/redis/memory.ts'
import { blockedClients, connectedClients, maxClients } from '../exporters/redis/clients.ts'
import { evictedKeys, expiredKeys } from '../exporters/redis/expiry.ts'
import { redisVitals } from '../exporters/redis/index.ts'
import { keys, keysAverageTtl, keysExpiring } from '../exporters/redis/keyspace.ts'
import { memoryDataset, memoryFragmentation, memoryResident, memoryUsed } from '../exporters/redis/memory.ts'
import {
  commandsProcessed,
  connectionsReceived,
  errorReplies,
  keyspaceHits,
  keyspaceMisses,
  netInputBytes,
  netOutputBytes,
  rejectedConnections,
  uptime,
} from '../exporters/redis/stats.ts'
import { add, div, gt, instant, rate } from '../metrics/promql.ts'
import { defined } from '../metrics/share.ts'
import { upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { commandRow, persistenceRow, replicaRow } from './redis-inside.ts'
import { stateOf } from './state.ts'
import { uids } from './uids.ts'
import { command, redisServer } from './variables.ts'

const here = { instance: redisServer.selected }
const window = '$__rate_interval'

const hits = rate(keyspaceHits.where(here), window)
const misses = rate(keyspaceMisses.where(here), window)
const hitRatio = div(hits, add(hits, misses))
const unlimited = 'No maxmemory is set, or Redis was not scraped'

const now = row('Is it well?', [
  stat({
    title: 'State',
    description: 'Whether Redis took the connection of the exporter and answered INFO.',
    width: 3,
    unit: 'plain',
    queries: [series(stateOf(redisVitals.up.where(here), 'redis', redisServer), '')],
    names: upOrDown,
  }),
  stat({
    title: 'Up for',
    description: 'Since the server started. A restart loses what was not saved: sessions, cached pages.',
    width: 3,
    unit: 'seconds',
    queries: [series(instant(uptime.where(here)), '')],
  }),
  stat({
    title: 'Memory in use',
    description:
      'Share of maxmemory, without the buffers that do not count. From the threshold on an alert fires; at 100% keys are evicted or writes refused.',
    width: 4,
    unit: 'share',
    queries: [series(memoryShare(here), '', { emptyWhen: unlimited })],
    steps: [{ from: boundary(redisMemoryNearLimit), is: 'bad' }],
  }),
  stat({
    title: 'Hit ratio',
    description: 'Share of look-ups that found their key. A cache that misses sends its work to PostgreSQL.',
    unit: 'share',
    decimals: 1,
    queries: [series(defined(hitRatio), '', { emptyWhen: 'Nothing was looked up, or Redis was not scraped' })],
  }),
  stat({
    title: 'Commands',
    description: 'Commands processed per second.',
    unit: 'perSecond',
    queries: [series(rate(commandsProcessed.where(here), window), '')],
  }),
  stat({
    title: 'Client slots',
    description: 'Share of the connections that maxclients admits. At 100% nobody new gets in.',
    width: 3,
    unit: 'share',
    decimals: 1,
    queries: [series(div(instant(connectedClients.where(here)), instant(maxClients.where(here))), '')],
  }),
  stat({
    title: 'Refused',
    description: 'Connections per second refused because maxclients was reached.',
    width: 3,
    unit: 'perSecond',
    queries: [series(rate(rejectedConnections.where(here), window), '')],
    steps: [{ from: 0.000001, is: 'bad' }],
  }),
])

const memory = row('Where is the memory?', [
  timeseries({
    title: 'Memory',
    description:
      '`used` is what the server has allocated, `data` the data themselves, `resident` what the system counts for it. `limit` is maxmemory.',
    unit: 'bytes',
    min: 0,
    queries: [
      series(instant(memoryUsed.where(here)), 'used'),
      series(instant(memoryDataset.where(here)), 'data'),
      series(instant(memoryResident.where(here)), 'resident'),
      series(memoryLimit(here), 'limit', { emptyWhen: unlimited }),
    ],
    bounds: ['limit'],
  }),
  timeseries({
    title: 'Fragmentation',
    description:
      'What the system counts for the server over what it has allocated. Above 1.5 memory is lost to holes; below 1 it is swapped out, and slow. A small data set shows large values without harm.',
    unit: 'plain',
    decimals: 2,
    min: 0,
    queries: [series(instant(memoryFragmentation.where(here)), 'ratio')],
  }),
])

// A server has sixteen databases, and most of them have none.
const noKeys = { emptyWhen: 'It holds no keys, or was not scraped' } as const

const keyspace = row('Do keys live as long as they should?', [
  timeseries({
    title: 'Keys',
    description:
      'Keys by database, and those among them that have a time to live. Keys without one stay until evicted.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [
      series(gt(instant(keys.where(here)), 0), ({ label }) => label('db'), noKeys),
      series(gt(instant(keysExpiring.where(here)), 0), ({ label }) => `${label('db')} with a time to live`, noKeys),
    ],
  }),
  timeseries({
    title: 'Expired and evicted keys',
    description:
      'Per second. Expired keys have lived out their time. Evicted ones had to go for lack of memory: guests are logged out, pages are read anew.',
    width: 6,
    unit: 'perSecond',
    min: 0,
    queries: [
      series(rate(expiredKeys.where(here), window), 'expired'),
      series(rate(evictedKeys.where(here), window), 'evicted'),
    ],
    colours: { expired: 'neutral', evicted: 'bad' },
  }),
  timeseries({
    title: 'Look-ups',
    description: 'Look-ups per second that found their key, and that found none.',
    width: 6,
    unit: 'perSecond',
    min: 0,
    queries: [series(hits, 'hits'), series(misses, 'misses')],
    colours: { hits: 'good', misses: 'notice' },
  }),
  timeseries({
    title: 'Time to live',
    description:
      'What the keys that have an end have left on average, by database. It falls where they are written no more.',
    width: 6,
    unit: 'seconds',
    min: 0,
    queries: [series(gt(instant(keysAverageTtl.where(here)), 0), ({ label }) => label('db'), noKeys)],
  }),
])

const clients = row('Who asks, and how much?', [
  timeseries({
    title: 'Clients',
    description:
      'Connections of clients, replicas left out. Those that are blocked wait in a blocking command, such as BLPOP.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(instant(connectedClients.where(here)), 'connected'),
      series(instant(blockedClients.where(here)), 'blocked'),
    ],
  }),
  timeseries({
    title: 'Commands, connections and errors',
    description: 'Per second. Many new connections for few commands: a client that does not keep its own.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [
      series(rate(commandsProcessed.where(here), window), 'commands'),
      series(rate(connectionsReceived.where(here), window), 'new connections'),
      series(rate(errorReplies.where(here), window), 'errors'),
    ],
    colours: { errors: 'bad' },
  }),
  timeseries({
    title: 'Network',
    description: 'Bytes per second that the server received and sent.',
    width: 8,
    unit: 'bytesPerSecond',
    min: 0,
    queries: [
      series(rate(netInputBytes.where(here), window), 'received'),
      series(rate(netOutputBytes.where(here), window), 'sent'),
    ],
  }),
])

export const redis = dashboard({
  uid: uids.redis,
  title: 'Redis',
  description: 'State, memory, keys, clients, commands, persistence and replicas of one Redis.',
  variables: [redisServer, command],
  rows: [now, memory, keyspace, clients, commandRow, persistenceRow, replicaRow],
})
