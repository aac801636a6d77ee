import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ruleFiles } from '../../../alerts/index.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startPrometheus } from '../../../compose/local/servers.ts'
import { pace } from '../../../compose/prometheus.ts'
import { yaml } from '../../../compose/yaml.ts'
import { spreadOf } from '../../bench/measure.ts'
import { eventually, freePort, type workshop } from '../../integration/servers.ts'
import { writeRuleFiles } from '../rule-files.ts'
import { type Evaluated, everyGroupTakes } from './evaluated.ts'
import { asked, byGroup, itself, numberOf } from './measured.ts'
import { writePast } from './past.ts'
import { type Recorded, type Scrape, type Simulated, scrapesOf, simulate } from './simulated.ts'

/** What a Prometheus with so many targets was seen to need. */
export interface Seen {
  readonly targets: number
  readonly scrapes: number
  readonly series: number
  readonly samplesPerSecond: number
  /** Bytes, while it scrapes. */
  readonly memory: number
  /** Seconds of a processor that scraping takes in one second. */
  readonly scraping: number
  readonly groups: ReadonlyMap<string, Evaluated>
  /** As Prometheus itself tells, which evaluates all of them while it scrapes: what half of the evaluations of a group took at most, in seconds. */
  readonly told: ReadonlyMap<string, number>
  readonly failures: number
  /** Of the past that was written first. */
  readonly past: number
  readonly load: number
}

interface Run {
  readonly targets: number
  readonly recorded: Recorded
  /** Of the past. */
  readonly hours: number
  /** Seconds for which it scrapes alone, and then evaluates by itself. */
  readonly seconds: { readonly scraping: number; readonly evaluating: number }
  readonly say: (line: string) => void
}

const jobsOf = (scrapes: readonly Scrape[], { address }: Simulated) => {
  const jobs = [...new Set(scrapes.map(({ job }) => job))]
  return jobs.map((job) => ({
    job_name: job,
    metrics_path: `/${job}`,
    static_configs: scrapes
      .filter((one) => one.job === job)
      .map(({ instance }) => ({ targets: [address], labels: { instance } })),
  }))
}

const processor = async (url: string, seconds: number) => {
  const [before, began] = [numberOf(await itself(url), 'process_cpu_seconds_total'), Date.now()]
  await delay(seconds * 1000)
  return (numberOf(await itself(url), 'process_cpu_seconds_total') - before) / ((Date.now() - began) / 1000)
}

/** Looks every few seconds, and hears of each evaluation once. */
const toldOfGroups = async (url: string, seconds: number) => {
  const heard = new Map<string, { readonly at: number; readonly took: readonly number[] }>()
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    await delay(5000)
    const now = await itself(url)
    // Set once an evaluation has ended, as is what it took.
    const ended = byGroup(now, 'prometheus_rule_group_last_evaluation_timestamp_seconds')
    for (const [group, took] of byGroup(now, 'prometheus_rule_group_last_duration_seconds')) {
      const [at, before] = [ended.get(group) ?? 0, heard.get(group)]
      if (at > (before?.at ?? 0)) heard.set(group, { at, took: [...(before?.took ?? []), took] })
    }
  }
  return new Map([...heard].map(([group, { took }]) => [group, spreadOf(took).median]))
}

/** A real Prometheus with these targets: its past first, then scrapes alone, then every rule once, then all as it does it itself. */
export const runWith = async (shop: ReturnType<typeof workshop>, options: Run): Promise<Seen> => {
  const { targets, recorded, hours, seconds, say } = options
  const scrapes = scrapesOf(targets)
  const longest = hours * 3600
  const simulated = await simulate(recorded, Date.now() / 1000 - longest)
  const folder = join(shop.folder, `scale-${targets}`)
  mkdirSync(folder, { recursive: true })
  const configFile = join(folder, 'prometheus.yml')
  const configure = (more: object) => writeFileSync(configFile, yaml({ global: pace, ...more }))
  configure({})
  const programs = await ensurePrograms(['prometheus-3'])
  const server = shop.keep(
    await startPrometheus({
      program: programs['prometheus-3'],
      dataDir: join(folder, 'data'),
      port: await freePort(),
      configFile,
      args: ['--web.enable-remote-write-receiver', '--web.enable-lifecycle', '--storage.tsdb.retention.time=32d'],
    }),
  )
  const { url } = server
  const reload = async (more: object) => {
    configure(more)
    const { ok, status } = await fetch(`${url}/-/reload`, { method: 'POST' })
    if (!ok) throw new Error(`Prometheus did not take its configuration: ${status}`)
  }
  try {
    const past = await writePast(url, { scrapes, simulated, longest, say })
    const scrape_configs = jobsOf(scrapes, simulated)
    await reload({ scrape_configs })
    await eventually(
      () => asked(url, 'count(up == 1)'),
      (count) => count >= scrapes.length,
      { within: 120_000, every: 2000 },
    )
    say('every target is scraped')
    await delay(20_000)
    const scraping = await processor(url, seconds.scraping)
    const now = await itself(url)
    const seen = {
      targets,
      scrapes: scrapes.length,
      series: numberOf(now, 'prometheus_tsdb_head_series'),
      samplesPerSecond: await asked(url, 'sum(scrape_samples_scraped) / 15'),
      memory: numberOf(now, 'process_resident_memory_bytes'),
      scraping,
      past,
      load: loadavg()[0] ?? 0,
    }
    say(`${scraping.toFixed(3)} of a processor for scrapes`)
    const time = Date.now() / 1000 - 5
    await reload({})
    const groups = await everyGroupTakes(url, Object.values(ruleFiles()).flat(), time)
    say('every group was evaluated')
    await reload({ scrape_configs, rule_files: [writeRuleFiles(join(folder, 'rules'))] })
    const told = await toldOfGroups(url, seconds.evaluating)
    const failed = byGroup(await itself(url), 'prometheus_rule_evaluation_failures_total')
    return { ...seen, groups, told, failures: [...failed.values()].reduce((a, b) => a + b, 0) }
  } finally {
    await server.stop()
    await simulated.close()
  }
}
