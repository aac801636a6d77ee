import {
  clientPoolFull,
  clientPoolWaiting,
  healthCheckFailing,
  healthCheckSlow,
  redisClientLost,
} from '../../../../alerts/service/dependencies.ts'
import { connect } from '../../../../demo/database.ts'
import { eventually } from '../../../integration/servers.ts'
import type { Line } from '../line.ts'
import type { Provocation } from '../provocation.ts'
import { lockOf } from './database-faults.ts'
import { crowd, type Traffic } from './traffic.ts'

export interface DependenciesStage {
  /** Of the service that needs them all, which is scraped as `api`. */
  readonly origin: string
  readonly database: string
  /** Of the Redis server. */
  readonly cachePid: number
  readonly lines: Readonly<Record<'database' | 'queue', Line>>
}

const instance = 'api'

const checks = ({ cachePid, lines }: DependenciesStage): readonly Provocation[] => [
  {
    fault: 'Redis hangs (SIGSTOP)',
    fires: [{ alert: healthCheckFailing, labels: { instance, check: 'redis' } }],
    bring: async () => process.kill(cachePid, 'SIGSTOP'),
    end: async () => process.kill(cachePid, 'SIGCONT'),
  },
  {
    fault: 'the network cuts one client of Redis off, and no other',
    fires: [{ alert: redisClientLost, labels: { instance, client: 'queue' } }],
    bring: async () => lines.queue.cut(),
    end: async () => lines.queue.mend(),
  },
]

const slow = ({ lines }: DependenciesStage): readonly Provocation[] => [
  {
    fault: 'the way to the database takes half a second',
    fires: [{ alert: healthCheckSlow, labels: { instance, check: 'database' } }],
    bring: async () => lines.database.slow(520),
    end: async () => lines.database.slow(0),
  },
]

const waiting = ({ origin, database }: DependenciesStage): readonly Provocation[] => {
  const lock = lockOf(database, 'bookings')
  let guests: Traffic | undefined
  return [
    {
      fault: 'seven requests for a locked table, and a pool of four',
      fires: [{ alert: clientPoolWaiting, labels: { instance, pool: 'bookings' } }],
      bring: async () => {
        await lock.take()
        guests = crowd(7, { url: `${origin}/bookings` })
      },
      end: async () => {
        await lock.give()
        guests?.end()
      },
    },
  ]
}

const full = ({ origin, database }: DependenciesStage): readonly Provocation[] => {
  let guests: Traffic | undefined
  return [
    {
      fault: 'nine statements that do not end, and a pool of ten',
      fires: [{ alert: clientPoolFull, labels: { instance, pool: 'reports' } }],
      bring: async () => {
        guests = crowd(9, { url: `${origin}/reports` })
      },
      end: async () => {
        guests?.end()
        const administrator = await connect(database)
        const cancelled = () =>
          administrator.rows<{ pid: number }>(
            "select pid, pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
          )
        await eventually(cancelled, ({ length }) => length === 0)
        await administrator.close()
      },
    },
  ]
}

/** What a service needs goes wrong, each in a lane of its own. */
export const dependencyLanes = (stage: DependenciesStage): readonly (readonly Provocation[])[] =>
  [checks, slow, waiting, full].map((lane) => lane(stage))
