import { join } from 'node:path'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { startRedis } from '../../../../compose/local/servers.ts'
import { plainYaml } from '../../../../compose/yaml.ts'
import { type CacheFlavour, freePort, type workshop } from '../../../integration/servers.ts'
import { alertNamed } from '../../../promtool/case.ts'
import { blackboxIn } from '../blackbox.ts'
import type { Expected, Provocation, Watch } from '../provocation.ts'
import type { Started } from '../service/stand.ts'
import { type Judge, thereIs } from './judge.ts'
import { type Restartable, restartable } from './restartable.ts'

type Shop = ReturnType<typeof workshop>

interface Target {
  readonly job: string
  readonly instance: string
}

/** What is missed of a target. */
export const absent = ({ job, instance }: Target, metric: string): Expected => ({
  alert: alertNamed(`MetricsAbsent of ${job}`),
  labels: { instance, metric },
})

/** What was there an hour ago is missed: it must have been there for so long. */
export const known = async (watch: Watch, { job, instance }: Target, metric: string) =>
  thereIs(watch, `${metric}{job="${job}", instance="${instance}"} offset 60s`)

/** A Redis of an older release in the place of a newer one. */
export const openReleases = async (shop: Shop) => {
  const [dataDir, port] = [join(shop.folder, 'releases'), await freePort()]
  const programs = await ensurePrograms(['redis-6', 'redis-7'])
  const launch = (flavour: CacheFlavour & keyof typeof programs) => () =>
    startRedis({ program: programs[flavour], dataDir, port, name: flavour })
  const newer = await restartable(shop, launch('redis-7'))
  const target = { job: 'redis', instance: 'releases' }
  const metric = 'redis_evicted_clients_total'
  let older: Restartable | undefined
  return {
    url: `redis://127.0.0.1:${port}`,
    lane: (watch: Watch): readonly Provocation[] => [
      {
        fault: 'Redis 6 in the place of Redis 7',
        fires: [absent(target, metric)],
        before: () => known(watch, target, metric),
        bring: async () => {
          await newer.kill()
          older = await restartable(shop, launch('redis-6'))
        },
        end: async () => {
          await older?.kill()
          await newer.start()
        },
      },
    ],
  }
}

/** A service that is probed in another way than before. */
export const openProbe = async (shop: Shop, probed: string) => {
  const by = (prober: 'http' | 'tcp') => plainYaml({ modules: { api: { prober, timeout: '5s' } } })
  const { url, become } = await blackboxIn(shop, by('http'))
  const target = { job: 'probe', instance: 'api' }
  const metric = 'probe_http_status_code'
  return {
    scraped: { ...target, url: `${url}/probe?module=api&target=${probed}` },
    lane: (watch: Watch): readonly Provocation[] => [
      {
        fault: 'the probe asks whether the port is open, and no longer what the service answers',
        fires: [absent(target, metric)],
        before: () => known(watch, target, metric),
        bring: () => become(by('tcp')),
        end: () => become(by('http')),
      },
    ],
  }
}

/** @param start the same service in the place of one that has ended, with what it needs or without */
export const serviceLane = (
  watch: Watch,
  api: Started,
  start: (again: Started, has: 'all' | 'nothing') => Promise<Started>,
): readonly Provocation[] => {
  const metric = 'client_pool_connections'
  let running = api
  const replace = async (has: 'all' | 'nothing') => {
    await running.stop()
    running = await start(running, has)
  }
  return [
    {
      fault: 'a release in which the service no longer tells of its pools',
      fires: [absent(api.scraped, metric)],
      before: () => known(watch, api.scraped, metric),
      bring: () => replace('nothing'),
      end: () => replace('all'),
    },
  ]
}

/** A node exporter of which a collector is switched off. */
export const nodeLane = (watch: Watch, instance: string, node: Restartable): readonly Provocation[] => {
  const target = { job: 'node', instance }
  const metric = 'node_pressure_io_stalled_seconds_total'
  return [
    {
      fault: 'a node exporter is started again without a collector',
      fires: [absent(target, metric)],
      before: () => known(watch, target, metric),
      bring: async () => {
        await node.kill()
        await node.start(['--no-collector.pressure'])
      },
      end: async () => {
        await node.kill()
        await node.start()
      },
    },
  ]
}

/** What Prometheus no longer asks for, or throws away. */
export const scrapeLane = (watch: Watch, judge: Judge): readonly Provocation[] => {
  const read: readonly (readonly [Target, metric: string, collector: string])[] = [
    [{ job: 'postgres', instance: 'main' }, 'pg_database_size_bytes', 'locks'],
    [{ job: 'reservations', instance: 'main' }, 'reservation_payments_failing', 'statuses'],
  ]
  const dropped: readonly (readonly [Target, metric: string])[] = [
    [{ job: 'exporter', instance: 'exporter' }, 'process_resident_memory_bytes'],
    [{ job: 'incidents', instance: 'incidents' }, 'process_resident_memory_bytes'],
    [{ job: 'jobs', instance: 'jobs' }, 'maintenance_scheduler_seen_timestamp_seconds'],
    [{ job: 'alertmanager', instance: 'second' }, 'alertmanager_config_last_reload_successful'],
  ]
  const both = [...read, ...dropped]
  const [first, ...others] = both.map(([target, metric]) => absent(target, metric))
  if (!first) throw new Error('nothing is scraped')
  return [
    {
      fault: 'some collectors alone are asked for (collect[]), and a relabelling drops a metric',
      fires: [first, ...others],
      before: () => Promise.all(both.map(([target, metric]) => known(watch, target, metric))),
      bring: async () => {
        for (const [target, , collector] of read) {
          await judge.change(target, (config) => ({ ...config, params: { 'collect[]': [collector] } }))
        }
        for (const [target, metric] of dropped) {
          const drop = { action: 'drop', source_labels: ['__name__'], regex: metric }
          await judge.change(target, (config) => ({ ...config, metric_relabel_configs: [drop] }))
        }
      },
      end: async () => {
        for (const [target] of both) await judge.restore(target)
      },
    },
  ]
}
