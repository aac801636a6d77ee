import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { startProcess } from './process.ts'
import { findProgram } from './run.ts'

/** An installed Grafana: its program, and the folder with its pages and defaults. */
export interface Grafana {
  readonly program: string
  readonly homePath: string
}

/** Where packages put it, besides the folder above the program's own. */
const usualHomes = ['/usr/share/grafana', '/opt/homebrew/share/grafana', '/usr/local/share/grafana']

/** Undefined where none is installed, or one without its pages. */
export const findGrafana = (folders: readonly string[]): Grafana | undefined => {
  const program = findProgram(['grafana', 'grafana-server'], folders)
  if (program === undefined) return undefined
  const homes = [dirname(dirname(realpathSync(program))), ...usualHomes]
  const homePath = homes.find((home) => existsSync(join(home, 'conf/defaults.ini')))
  return homePath === undefined ? undefined : { program, homePath }
}

interface GrafanaOptions extends Grafana {
  /** With `provisioning` and `dashboards` in it. */
  readonly configDir: string
  readonly dataDir: string
  readonly port: number
  /** Where others reach it. A proxy in between has to ask it by its own address, and to take a path off. */
  readonly publicUrl?: string | undefined
  /** The uid of the dashboard to open first. */
  readonly first?: string | undefined
  readonly signal?: AbortSignal
}

/** Who comes may look and nothing else; there is no login, and nothing is reported or fetched. */
const settings = ({
  configDir,
  dataDir,
  port,
  publicUrl,
  first,
}: GrafanaOptions): Readonly<Record<string, string>> => ({
  GF_PATHS_DATA: dataDir,
  GF_PATHS_LOGS: join(dataDir, 'log'),
  GF_PATHS_PLUGINS: join(dataDir, 'plugins'),
  GF_PATHS_PROVISIONING: join(configDir, 'provisioning'),
  GF_SERVER_HTTP_ADDR: '127.0.0.1',
  GF_SERVER_HTTP_PORT: String(port),
  // Whoever opens it may read all of Prometheus: a foreign page that gives its name our address gets nothing.
  GF_SERVER_DOMAIN: '127.0.0.1',
  GF_SERVER_ENFORCE_DOMAIN: 'true',
  GF_SERVER_ROOT_URL: publicUrl ?? `http://127.0.0.1:${port}`,
  GF_AUTH_ANONYMOUS_ENABLED: 'true',
  GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  GF_AUTH_BASIC_ENABLED: 'false',
  GF_AUTH_DISABLE_LOGIN_FORM: 'true',
  GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_NEWS_NEWS_FEED_ENABLED: 'false',
  GF_PLUGINS_PREINSTALL_DISABLED: 'true',
  GF_LOG_MODE: 'console',
  ...(first && { GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: join(configDir, 'dashboards', `${first}.json`) }),
})

/** A Grafana of this machine, on loopback, with data and settings of its own beside those of the installed one. */
export const startGrafana = (options: GrafanaOptions) => {
  const { program, homePath, port, signal } = options
  const [dataDir, configDir] = [resolve(options.dataDir), resolve(options.configDir)]
  mkdirSync(dataDir, { recursive: true })
  // Without a file of its own it would read the one of the installed Grafana.
  const configFile = join(dataDir, 'grafana.ini')
  writeFileSync(configFile, '; every setting is in the environment\n')
  const flags = [`--homepath=${homePath}`, `--config=${configFile}`]
  return startProcess({
    name: 'Grafana',
    home: dataDir,
    command: program,
    args: basename(program) === 'grafana' ? ['server', ...flags] : flags,
    cwd: dataDir,
    env: settings({ ...options, dataDir, configDir }),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/api/health`, { signal: AbortSignal.timeout(1000) })).ok,
    // It makes its database first.
    readyWithin: 60_000,
    ...(signal && { signal }),
  })
}
