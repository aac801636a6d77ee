import { redisWritesRefused } from '../../../../alerts/redis/availability.ts'
import { redisNoMaster, redisReplicaLinkDown, redisRoleChanged } from '../../../../alerts/redis/failover.ts'
import {
  redisFullCopies,
  redisReplicaBehind,
  redisReplicaLost,
  redisReplicaSilent,
  redisTooFewReplicas,
} from '../../../../alerts/redis/replication.ts'
import { eventually } from '../../../integration/servers.ts'
import { type FaultyRedis, faultyRedis } from '../../faults/servers.ts'
import { again } from '../again.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { on, type Part } from './part.ts'

const password = 'soup'
const settings = {
  user: ['replica', 'on', `>${password}`, '+psync', '+replconf', '+ping', '+failover'],
  masteruser: 'replica',
  masterauth: password,
  'repl-diskless-sync-delay': '0',
  // Long enough to keep a replica that says nothing.
  'repl-timeout': '300',
} as const

interface Trio {
  readonly master: FaultyRedis
  readonly first: FaultyRedis
  readonly second: FaultyRedis
}

const replicationOf = async ({ ask }: FaultyRedis) => String(await ask('INFO', 'replication'))

/** Until so many replicas have what their master has. */
const following = (master: FaultyRedis, count: number) =>
  eventually(
    () => replicationOf(master),
    (text) => (text.match(/state=online,offset=\d+,lag=[01]\b/g) ?? []).length === count,
  )

const megabytes = async ({ ask }: FaultyRedis, count: number) => {
  for (let written = 0; written < count; written += 1) await ask('SET', `page:${written}`, 'x'.repeat(1_000_000))
}

const silent = ({ master, second }: Trio): Provocation => ({
  fault: 'a replica hangs (SIGSTOP) while the master is written to',
  fires: on('master', redisReplicaBehind, redisReplicaSilent),
  bring: async () => {
    second.signal('SIGSTOP')
    await megabytes(master, 20)
  },
  end: async () => {
    second.signal('SIGCONT')
    await following(master, 2)
    await master.ask('FLUSHALL')
  },
})

const lost = ({ master, second }: Trio, watch: Watch): Provocation => ({
  fault: 'kill -9 of a replica whose master must have two',
  fires: on('master', redisReplicaLost, redisTooFewReplicas),
  // An hour ago there were both.
  before: () =>
    eventually(
      () => watch.query('redis_connected_slaves{instance="master"} offset 60s == 2'),
      (found) => found.length > 0,
      { within: 90_000, every: 500 },
    ),
  bring: async () => {
    await master.ask('CONFIG', 'SET', 'min-replicas-to-write', '2')
    await second.kill()
  },
  end: async () => {
    await second.start()
    await following(master, 2)
    await master.ask('CONFIG', 'SET', 'min-replicas-to-write', '0')
  },
})

const lockedOut = ({ master, second }: Trio): Provocation => ({
  fault: 'a replica has another password than its master wants',
  fires: on('second', redisReplicaLinkDown),
  bring: async () => {
    await second.ask('CONFIG', 'SET', 'masterauth', 'bread')
    await second.ask('CLIENT', 'KILL', 'TYPE', 'master')
  },
  end: async () => {
    await second.ask('CONFIG', 'SET', 'masterauth', password)
    await following(master, 2)
  },
})

const copied = ({ master }: Trio): Provocation => ({
  fault: 'replicas lose their link for a moment, and the backlog is too short to go on',
  fires: on('master', redisFullCopies),
  bring: async () => {
    await master.ask('CONFIG', 'SET', 'repl-backlog-size', '16384')
    for (const _ of [1, 2, 3]) {
      // At once, or they are back before there is anything to miss.
      await master.ask('MULTI')
      await master.ask('CLIENT', 'KILL', 'TYPE', 'replica')
      await master.ask('SET', 'page', 'x'.repeat(1_000_000))
      await master.ask('EXEC')
      await following(master, 2)
    }
  },
  end: () => master.ask('CONFIG', 'SET', 'repl-backlog-size', '1048576'),
})

const masterless = ({ master }: Trio): Provocation => ({
  fault: 'kill -9 of the master, and nobody takes its place',
  fires: [{ alert: redisNoMaster, labels: { master_port: String(master.port) } }],
  bring: () => master.kill(),
  end: async () => {
    await master.start()
    await following(master, 2)
  },
})

const failedOver = ({ master, first }: Trio): Provocation => {
  const writing = again(100, () => master.ask('SET', 'order', 'soup'), { mayFail: true })
  return {
    fault: 'a failover, and a client that goes on writing to the former master',
    fires: [
      ...on('first', redisRoleChanged),
      ...on('master', redisRoleChanged),
      { alert: redisWritesRefused, labels: { instance: 'master', err: 'READONLY' } },
    ],
    bring: async () => {
      await master.ask('FAILOVER', 'TO', '127.0.0.1', String(first.port))
      await following(first, 1)
      await writing.begin()
    },
    // The roles stay as they are, and are no news after a while.
    end: writing.end,
  }
}

/** A master and two replicas. */
export const openReplicas = async (folder: string): Promise<Part> => {
  const master = await faultyRedis(folder, 'master', settings)
  const replicaof = ['127.0.0.1', String(master.port)]
  const [first, second] = await Promise.all([
    faultyRedis(folder, 'first', { ...settings, replicaof }),
    faultyRedis(folder, 'second', { ...settings, replicaof }),
  ])
  const trio: Trio = { master, first, second }
  await following(master, 2)
  return {
    urls: { master: master.url, first: first.url, second: second.url },
    lanes: (watch) => [
      [silent(trio), lost(trio, watch), lockedOut(trio), copied(trio), masterless(trio), failedOver(trio)],
    ],
    end: async () => {
      for (const one of [second, first, master]) await one.end()
    },
  }
}
