import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import { plainYaml } from '../../../../compose/yaml.ts'
import { eventually } from '../../../integration/servers.ts'
import type { Watch } from '../provocation.ts'

interface ScrapeConfig {
  readonly job_name: string
  readonly static_configs: readonly { readonly labels: { readonly job: string; readonly instance: string } }[]
  readonly [setting: string]: unknown
}

interface Target {
  readonly job: string
  readonly instance: string
}

/** What becomes of how a target is scraped. */
type Change = (config: ScrapeConfig) => ScrapeConfig

/** The configuration of the Prometheus that judges, in which how single targets are scraped is changed and changed back. */
export const judgeOf = (watch: Watch) => {
  const original = readFileSync(watch.configFile, 'utf8')
  const changes = new Map<string, Change>()
  const keyOf = ({ job, instance }: Target) => `${job}/${instance}`
  const changed = (config: ScrapeConfig) => {
    const [target] = config.static_configs
    const change = target && changes.get(keyOf(target.labels))
    return change ? change(config) : config
  }
  const write = async () => {
    const { scrape_configs: configs, ...rest }: { readonly scrape_configs: readonly ScrapeConfig[] } = parse(original)
    writeFileSync(watch.configFile, plainYaml({ ...rest, scrape_configs: configs.map(changed) }))
    await watch.reload()
  }
  return {
    change: async (target: Target, change: Change) => {
      changes.set(keyOf(target), change)
      await write()
    },
    restore: async (target: Target) => {
      changes.delete(keyOf(target))
      await write()
    },
  }
}

export type Judge = ReturnType<typeof judgeOf>

/** Resolves when there is one of these, `within` seconds. */
export const thereIs = (watch: Watch, promql: string, within = 90) =>
  eventually(
    async () => (await watch.query(promql)).length,
    (found) => found > 0,
    { within: within * 1000, every: 250 },
  )
