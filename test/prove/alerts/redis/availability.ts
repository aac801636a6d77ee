import { redisDown, redisLoading, redisRestarted, redisRestartingOften } from '../../../../alerts/redis/availability.ts'
import { eventually } from '../../../integration/servers.ts'
import { type FaultyRedis, faultyRedis } from '../../faults/servers.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { on, type Part } from './part.ts'

/** It loads as slowly as if it had a thousand times as much to load, and answers as often meanwhile. */
const settings = {
  'enable-debug-command': 'yes',
  'key-load-delay': '1000',
  'loading-process-events-interval-bytes': '16384',
  rdbcompression: 'no',
} as const

const processes = 'count(count by (run_id) (count_over_time(redis_instance_info{instance="gone"}[60s])))'

/** Until the next process has been scraped: one that nobody has seen does not count. */
const restart = async (gone: FaultyRedis, watch: Watch) => {
  const seen = async () => Number((await watch.query(processes))[0]?.value[1] ?? 0)
  const before = await seen()
  await gone.kill()
  await gone.start()
  await eventually(seen, (now) => now > before, { every: 200 })
}

const killed = (gone: FaultyRedis): Provocation => {
  let started: Promise<unknown> = Promise.resolve()
  return {
    fault: 'kill -9 of a server that then takes its time to load its data',
    fires: on('gone', redisLoading, redisRestarted),
    bring: async () => {
      await gone.ask('DEBUG', 'POPULATE', '15000', 'loaded', '1000')
      await gone.ask('SAVE')
      await gone.kill()
      // Ready once it has loaded, which is waited for in the end.
      started = Promise.allSettled([gone.start()])
    },
    end: async () => {
      await gone.ask('CONFIG', 'SET', 'key-load-delay', '0')
      await started
      await gone.ask('FLUSHALL')
      await gone.ask('SAVE')
    },
  }
}

/** A server that hangs and dies. */
export const openGone = async (folder: string): Promise<Part> => {
  const gone = await faultyRedis(folder, 'gone', settings)
  return {
    urls: { gone: gone.url },
    lanes: (watch) => [
      [
        {
          fault: 'the server hangs (SIGSTOP)',
          fires: on('gone', redisDown),
          bring: async () => gone.signal('SIGSTOP'),
          end: async () => gone.signal('SIGCONT'),
        },
        killed(gone),
        {
          fault: 'kill -9 of the server, again and again',
          fires: on('gone', redisRestartingOften),
          bring: async () => {
            for (const _ of [1, 2, 3]) await restart(gone, watch)
          },
          // It stays up from now on.
          end: () => gone.ask('PING'),
        },
      ],
    ],
    end: gone.end,
  }
}
