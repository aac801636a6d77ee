import { instanceInfo } from '../../../exporters/redis/server.ts'
import { type InputSeries, scraped } from '../series.ts'

/** Which server it is. Valkey has two labels more, so that a series of Redis has not all that the metric may have. */
export const identity = (
  values: string,
  { role = 'master', run = 'a' }: { readonly role?: 'master' | 'slave'; readonly run?: string } = {},
): InputSeries => {
  const labels = {
    role,
    redis_version: '7.0.15',
    redis_build_id: 'b',
    redis_mode: 'standalone',
    os: 'Linux',
    maxmemory_policy: 'noeviction',
    tcp_port: '6379',
    run_id: run,
    process_id: '1',
    master_replid: 'r',
    ...scraped.redis,
  }
  const text = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return { series: `${instanceInfo.name}{${text.join(',')}}`, values }
}
