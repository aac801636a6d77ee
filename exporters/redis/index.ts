import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import { acl } from './acl.ts'
import { allocator } from './allocator.ts'
import { chosen, commandLimit } from './bounded.ts'
import { clients } from './clients.ts'
import { cluster } from './cluster.ts'
import { commandlog } from './commandlog.ts'
import { commands } from './commands.ts'
import { config } from './config.ts'
import { cpu } from './cpu.ts'
import { errorNames } from './errors.ts'
import { expiry } from './expiry.ts'
import { theirs } from './fields.ts'
import { keyspace } from './keyspace.ts'
import { histograms } from './latency-histograms.ts'
import { percentiles } from './latency-percentiles.ts'
import { spikes } from './latency-spikes.ts'
import { memory } from './memory.ts'
import { modules } from './modules.ts'
import { persistence } from './persistence.ts'
import { pubsub } from './pubsub.ts'
import { replica } from './replica.ts'
import { replication } from './replication.ts'
import { scripts } from './scripts.ts'
import { server } from './server.ts'
import { slowlog } from './slowlog.ts'
import type { Redis } from './source.ts'
import { stats } from './stats.ts'
import { threads } from './threads.ts'

export const redisVitals = {
  up: gauge(theirs('up', 'Whether the server took the connection and answered INFO (1) or not (0)')),
  success: gauge({
    name: 'redis_scrape_collector_success',
    counts: 'successes',
    help: 'Whether a collector succeeded (1) or failed (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'redis_scrape_collector_duration_seconds',
    help: 'How long a collector took',
    labels: ['collector'],
  }),
  scrapes: counter(theirs('exporter_scrapes_total', 'Scrapes of this server')),
  lastDuration: gauge(theirs('exporter_last_scrape_duration_seconds', 'How long the last scrape took, in seconds')),
} as const satisfies Vitals

/**
 * Of one server each: some remember what they saw last. The login needs no key and no right to write:
 *
 *     ACL SETUSER exporter on >PASSWORD resetkeys -@all +info +config|get +slowlog|get +slowlog|len +latency|latest
 *       +latency|histogram +acl|log +cluster|info
 *
 * and `+commandlog|len` on Valkey 8.1 and later. With `+info` alone the collectors that need more fail, and all else is
 * served.
 */
export const redisCollectors = (): readonly Collector<Redis>[] => {
  // The same commands by themselves in every metric of commands.
  const choose = chosen(commandLimit)
  return [
    server,
    stats,
    clients,
    memory,
    allocator,
    cpu,
    threads,
    keyspace,
    expiry,
    commands(choose),
    percentiles(choose),
    histograms(choose),
    spikes,
    slowlog(),
    commandlog,
    errorNames(),
    acl,
    persistence,
    replication,
    replica,
    cluster,
    pubsub,
    scripts,
    modules,
    config,
  ]
}
