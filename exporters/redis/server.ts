import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Fields, fieldSamples, type Info, metricsOf, numberOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

/** Valkey has two labels more, as at the peer's. */
const identity = [
  'role',
  'redis_version',
  'redis_build_id',
  'redis_mode',
  'os',
  'maxmemory_policy',
  'tcp_port',
  'run_id',
  'process_id',
  'master_replid',
] as const
const valkeyIdentity = ['valkey_version', 'valkey_release_stage'] as const

export const instanceInfo = gauge({
  ...theirs('instance_info', 'What the server is: always 1'),
  labels: [...identity, ...valkeyIdentity],
})
export const startTime = gauge(theirs('start_time_seconds', 'When the server started, in seconds since 1970'))

const fields = {
  process_id: gauge(theirs('process_id', 'Process id of the server')),
  hz: gauge(theirs('hz', 'Times a second the server looks after its background tasks, as it does now')),
  configured_hz: gauge(theirs('configured_hz', 'The setting hz')),
} satisfies Fields

/** Which server it is, and since when it runs. */
export const server: Collector<Redis> = {
  name: 'server',
  metrics: [instanceInfo, startTime, ...metricsOf(fields)],
  async collect({ info }) {
    const found = await info()
    return [identityOf(found), ...startOf(found), ...fieldSamples(found, fields)]
  },
}

const identityOf = (info: Info): Sample => {
  // Valkey calls the mode by a name of its own.
  const read = (name: string) => info.get(name) ?? (name === 'redis_mode' ? info.get('server_mode') : undefined)
  const names = [...identity, ...valkeyIdentity.filter((name) => info.has(name))]
  const labels = Object.fromEntries(names.map((name) => [name, read(name) ?? '']))
  return { metric: instanceInfo, value: 1, labels }
}

const startOf = (info: Info) => {
  const uptime = numberOf(info.get('uptime_in_seconds'))
  if (uptime === undefined) return []
  // By the server's own clock, which it tells of since 7.0.
  const microseconds = numberOf(info.get('server_time_usec')) ?? Date.now() * 1000
  return [startTime.sample(Math.floor(microseconds / 1e6) - uptime)]
}
