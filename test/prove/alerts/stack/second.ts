import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { startAlertmanager, startPrometheus } from '../../../../compose/local/servers.ts'
import { plainYaml } from '../../../../compose/yaml.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import { type Restartable, restartable } from './restartable.ts'

type Shop = ReturnType<typeof workshop>

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
}

interface Job {
  readonly job_name: string
  readonly [setting: string]: unknown
}

/** What a Prometheus is configured with; all of it may be changed. */
export interface Setup {
  readonly rules: Readonly<Record<string, readonly Rule[]>>
  readonly jobs: readonly Job[]
  /** `host:port` of Alertmanagers. */
  readonly alertmanagers: readonly string[]
  /** What else stands at the top of its file. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** A program with a configuration of its own, which is not the one that judges. */
export interface Configured extends Restartable {
  readonly url: string
  readonly host: string
  readonly dataDir: string
}

export interface Second extends Configured {
  /** How it names a group of its rules. */
  group(name: string): string
  /** Writes another configuration and has it read. */
  become(change: Partial<Setup>): Promise<void>
}

const second = '1s'

const configOf = ({ jobs, alertmanagers, more }: Setup) => ({
  global: { scrape_interval: second, scrape_timeout: second, evaluation_interval: second },
  rule_files: ['rules.yml'],
  ...(alertmanagers.length > 0 && {
    alerting: { alertmanagers: [{ timeout: '30s', static_configs: [{ targets: alertmanagers }] }] },
  }),
  scrape_configs: jobs,
  ...more,
})

const reload = async (url: string) => {
  // A configuration that is refused answers with an error, which is what some want.
  await fetch(`${url}/-/reload`, { method: 'POST' })
}

/** Another Prometheus, which the one that judges scrapes. */
export const secondPrometheus = async (
  shop: Shop,
  name: string,
  setup: Setup,
  args: readonly string[] = [],
): Promise<Second> => {
  const home = join(shop.folder, name)
  const dataDir = join(home, 'data')
  mkdirSync(home, { recursive: true })
  const [configFile, rulesFile] = [join(home, 'prometheus.yml'), join(home, 'rules.yml')]
  const write = (given: Setup) => {
    const groups = Object.entries(given.rules).map(([group, rules]) => ({ name: group, rules }))
    writeFileSync(rulesFile, plainYaml({ groups }))
    writeFileSync(configFile, plainYaml(configOf(given)))
  }
  write(setup)
  const program = (await ensurePrograms(['prometheus'])).prometheus
  const port = await freePort()
  const usual = ['--web.enable-lifecycle', '--rules.alert.resend-delay=1s', ...args]
  const launch = (more: readonly string[]) =>
    startPrometheus({ program, dataDir, port, configFile, name, args: [...usual, ...more] })
  const url = `http://127.0.0.1:${port}`
  return {
    ...(await restartable(shop, launch)),
    url,
    host: `127.0.0.1:${port}`,
    dataDir,
    group: (group) => `${rulesFile};${group}`,
    become: async (change) => {
      write({ ...setup, ...change })
      await reload(url)
    },
  }
}

export interface SecondAlertmanager extends Configured {
  become(config: unknown): Promise<void>
}

/** Another Alertmanager. */
export const secondAlertmanager = async (shop: Shop, name: string, config: unknown): Promise<SecondAlertmanager> => {
  const home = join(shop.folder, name)
  const dataDir = join(home, 'data')
  mkdirSync(home, { recursive: true })
  const configFile = join(home, 'alertmanager.yml')
  const write = (given: unknown) => writeFileSync(configFile, plainYaml(given))
  write(config)
  const program = (await ensurePrograms(['alertmanager'])).alertmanager
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return {
    ...(await restartable(shop, () => startAlertmanager({ program, dataDir, port, configFile, name }))),
    url,
    host: `127.0.0.1:${port}`,
    dataDir,
    become: async (given) => {
      write(given)
      await reload(url)
    },
  }
}
