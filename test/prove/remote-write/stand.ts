import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { composeDeployment } from '../../../compose/deployment.ts'
import type { Program } from '../../../compose/local/find-program.ts'
import type { Server } from '../../../compose/local/process.ts'
import { startPrometheus } from '../../../compose/local/servers.ts'
import { agentConfig } from '../../../compose/mimir/agent.ts'
import { plainYaml } from '../../../compose/yaml.ts'
import { eventually, freePort, type workshop } from '../../integration/servers.ts'
import { startAgent } from '../agent.ts'

type Shop = ReturnType<typeof workshop>

/** Whom an agent writes to, and what of it. */
export interface Receiver {
  readonly url: string
  /** Left out of the list. */
  readonly without?: readonly string[]
  /** All there is, listed or not. */
  readonly unlisted?: boolean
  /** Its pair's labels stay, as Mimir gets them. */
  readonly labelled?: boolean
}

const generated = z.object({
  global: z.record(z.string(), z.unknown()),
  remote_write: z.tuple([
    z
      .object({
        queue_config: z.record(z.string(), z.unknown()),
        write_relabel_configs: z.tuple([
          z.object({ source_labels: z.array(z.string()), regex: z.string(), action: z.string() }),
        ]),
      })
      .catchall(z.unknown()),
  ]),
})

/** As it is generated. */
const {
  global,
  remote_write: [toMimir],
} = generated.parse(parse(agentConfig(composeDeployment)))

/** What Mimir does with them: it keeps neither. */
const dropped = { action: 'labeldrop', regex: 'cluster|__replica__' }

/** How long a scrape of its own took is no one's but an agent's. */
const notItsOwn = { source_labels: ['job'], regex: 'feed', action: 'drop' }

const writing = ({ url, without = [], unlisted = false, labelled = false }: Receiver, place: number) => {
  const [keep] = toMimir.write_relabel_configs
  const regex = keep.regex
    .split('|')
    .filter((name) => !without.includes(name))
    .join('|')
  return {
    ...toMimir,
    name: `receiver-${place}`,
    url: `${url}/api/v1/write`,
    // One after the other: a sum of what comes in another order differs in its last digit.
    queue_config: { ...toMimir.queue_config, max_shards: 1, batch_send_deadline: '200ms' },
    write_relabel_configs: [notItsOwn, ...(unlisted ? [] : [{ ...keep, regex }]), ...(labelled ? [] : [dropped])],
  }
}

/** Seconds. The first scrape may come so late. */
const scrapeInterval = 3

const scraping = (address: string) => [
  {
    job_name: 'feed',
    // The series say whose they are.
    honor_labels: true,
    scrape_interval: `${scrapeInterval}s`,
    scrape_timeout: `${scrapeInterval}s`,
    static_configs: [{ targets: [address] }],
  },
]

/** Nothing is scraped any more. */
const idle = { scrape_configs: [] }

const targetsOf = z.object({ data: z.object({ activeTargets: z.array(z.unknown()) }) })

/** Gives a server another configuration, and waits until it goes by that: it scrapes nothing then. */
const reload = async ({ pid, url }: Server, put: () => void) => {
  put()
  process.kill(pid, 'SIGHUP')
  await eventually(
    async () => targetsOf.parse(await (await fetch(`${url}/api/v1/targets?state=active`)).json()).data.activeTargets,
    (targets) => targets.length === 0,
  )
}

/** The servers of one generation of Prometheus. */
export const stand = (shop: Shop, program: Program) => {
  let count = 0
  const homeOf = (name: string) => {
    const home = join(shop.folder, `${name}-${count++}`)
    mkdirSync(home, { recursive: true })
    return home
  }
  const put = (folder: string, file: string, config: object) => {
    writeFileSync(join(folder, file), plainYaml(config))
    return join(folder, file)
  }
  const prometheus = async (name: string, config: object, args: readonly string[]) => {
    const home = homeOf(name)
    const configFile = put(home, 'prometheus.yml', config)
    const port = await freePort()
    const dataDir = join(home, 'data')
    const server = shop.keep(await startPrometheus({ name, program, configFile, dataDir, port, args }))
    return { ...server, configure: (other: object) => reload(server, () => put(home, 'prometheus.yml', other)) }
  }
  return {
    /** Scrapes all there is, until it is settled: then it knows nothing of its own scrapes. */
    source: async (address: string) => {
      const config = { scrape_configs: scraping(address) }
      const server = await prometheus('source', config, ['--web.enable-admin-api'])
      const settle = async () => {
        await server.configure(idle)
        const own = new URLSearchParams({ 'match[]': '{job="feed"}' })
        const { ok } = await fetch(`${server.url}/api/v1/admin/tsdb/delete_series?${own}`, { method: 'POST' })
        if (!ok) throw new Error('the source did not forget its own scrapes')
      }
      return { ...server, settle }
    },
    receiver: () => prometheus('receiver', idle, ['--web.enable-remote-write-receiver']),
    /** One of the pair, as it is generated but for what it scrapes and whom it writes to. */
    agent: async (address: string, receivers: readonly Receiver[]): Promise<Server> => {
      const home = homeOf('agent')
      const configFile = put(home, 'agent.yml', {
        global,
        remote_write: receivers.map(writing),
        scrape_configs: scraping(address),
      })
      const running = await startAgent({
        program: { ...program, env: { ...program.env, REPLICA: 'agent-1' } },
        dataDir: home,
        port: await freePort(),
        configFile,
      })
      return shop.keep(running)
    },
  }
}
