import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { prometheusRemoteWriteBehind, prometheusRemoteWriteFailing } from '../../../../alerts/stack/remote-write.ts'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { plainYaml } from '../../../../compose/yaml.ts'
import { freePort, portOf, type workshop } from '../../../integration/servers.ts'
import { startAgent } from '../../agent.ts'
import { lineTo } from '../line.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { absent, known } from './coverage.ts'
import { scraping } from './prometheus.ts'
import { secondPrometheus } from './second.ts'

const target = { job: 'agent', instance: 'agent' }
const labels = { ...target, remote_name: 'mimir' }
const metric = 'prometheus_remote_storage_samples_total'

export const agentAdjusted: readonly Adjustment[] = [
  {
    alert: prometheusRemoteWriteBehind,
    numbers: { '> 120': '> 8' },
    why: 'what is scraped each second is sent within a second',
  },
]

/** An agent that writes to a Prometheus, by a line. */
export const openAgent = async (shop: ReturnType<typeof workshop>, nodeHost: string) => {
  const setup = { rules: {}, jobs: [], alertmanagers: [] }
  const receiver = await secondPrometheus(shop, 'receiver', setup, ['--web.enable-remote-write-receiver'])
  const line = await lineTo(portOf(receiver.url))
  const configFile = join(shop.folder, 'agent.yml')
  const write = (path?: string) =>
    writeFileSync(
      configFile,
      plainYaml({
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        ...(path !== undefined && {
          remote_write: [
            {
              name: labels.remote_name,
              url: `http://127.0.0.1:${line.port}${path}`,
              queue_config: { batch_send_deadline: '200ms' },
            },
          ],
        }),
        scrape_configs: [scraping(nodeHost)],
      }),
    )
  const usual = '/api/v1/write'
  write(usual)
  const agent = shop.keep(
    await startAgent({
      program: (await ensurePrograms(['prometheus'])).prometheus,
      dataDir: join(shop.folder, 'agent'),
      port: await freePort(),
      configFile,
      args: ['--web.enable-lifecycle'],
    }),
  )
  const become = async (path?: string) => {
    write(path)
    await fetch(`${agent.url}/-/reload`, { method: 'POST' })
  }
  return {
    scraped: { ...target, url: `${agent.url}/metrics` },
    lane: (watch: Watch): readonly Provocation[] => [
      {
        fault: 'whom an agent writes to can no longer be reached',
        fires: [{ alert: prometheusRemoteWriteBehind, labels }],
        bring: async () => line.cut(),
        end: async () => line.mend(),
      },
      {
        fault: 'an agent writes to a path that there is not (404)',
        fires: [{ alert: prometheusRemoteWriteFailing, labels }],
        bring: () => become('/nowhere'),
        end: () => become(usual),
      },
      {
        fault: 'an agent is no longer told whom to write to',
        fires: [absent(target, metric)],
        before: () => known(watch, target, metric),
        bring: () => become(),
        end: () => become(usual),
      },
    ],
    end: async () => line.close(),
  }
}
