import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Server, startProcess } from '../../../../compose/local/process.ts'
import { readKept } from '../../../../exporters/jobs/folder.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { eventually } from '../../../integration/servers.ts'
import { redisAgain, type Shop } from './stand.ts'

/** A minute's work of the cleanup, and more: it removes a hundred in a second. */
const many = 9_000

/** A Redis in which keys gather that were put aside, and the program that cleans it, run as in production. */
export const cleanupsOf = async (shop: Shop, instance: string) => {
  const folder = join(shop.folder, `jobs-${instance}`)
  const [program, first] = await Promise.all([bundleOurs(new URL('cleanup-program.ts', import.meta.url)), shop.redis()])
  let redis: Server = first
  const client = clientOf(redis.url)
  const env = { NODE_ENV: 'production', NODE_OPTIONS: '', JOBS_DIR: folder, JOBS_REDIS_URL: redis.url }
  const running = async () => (await readKept(folder, 'cleanup')).running
  const lastOf = async () => (await readKept(folder, 'cleanup')).records.at(-1)
  /** A run by hand. */
  const start = () => {
    const child = spawn(process.execPath, [program, 'cleanup'], { stdio: 'ignore', env: { ...process.env, ...env } })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    return {
      child,
      /** @throws Error where it ended otherwise */
      endsAs: async (outcome: string) => {
        await ended
        const last = await lastOf()
        if (last?.outcome !== outcome) throw new Error(`it ended as ${last?.outcome}: ${last?.words}`)
      },
    }
  }
  const gather = () => client.eval("for n = 1, ARGV[1] do redis.call('set', 'expired:' .. n, 'put aside') end", 0, many)
  return {
    folder,
    redis: () => redis,
    start,
    last: lastOf,
    gather,
    empty: () => client.flushall(),
    /** The process of a run that has much to do, and has begun with it. */
    atWork: async () => {
      const left = () => client.dbsize()
      await eventually(left, (count) => count < many, { within: 120_000 })
      const run = await running()
      if (!run) throw new Error('no run goes on')
      return run.pid
    },
    /** The scheduler in a process of its own, once it runs. */
    schedule: async () =>
      shop.keep(
        await startProcess({
          name: 'the scheduler of the jobs',
          home: join(shop.folder, `scheduler-${instance}`),
          command: process.execPath,
          args: [program, 'schedule'],
          env,
          ready: /the schedule of 1 jobs runs/,
        }),
      ),
    again: async () => {
      redis = await redisAgain(shop, redis)
    },
    end: async () => client.disconnect(),
  }
}
export type Cleanups = Awaited<ReturnType<typeof cleanupsOf>>
