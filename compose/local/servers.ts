import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Program } from './find-program.ts'
import { type Server, startProcess } from './process.ts'

export interface ServerOptions {
  readonly program: Program
  /** Its data; the log is `<dataDir>.log`. */
  readonly dataDir: string
  readonly port: number
  readonly name?: string
  /** Flags on top of ours; the same one as ours counts instead. */
  readonly args?: readonly string[]
  readonly signal?: AbortSignal
}

interface ConfiguredOptions extends ServerOptions {
  readonly configFile: string
}

interface Web {
  readonly name: string
  readonly args: readonly string[]
  readonly readyPath: string
}

const flagOf = (arg: string) => arg.split('=')[0]

const flags = (ours: readonly string[], others: readonly string[] = []) => [
  ...ours.filter((one) => !others.some((other) => flagOf(other) === flagOf(one))),
  ...others,
]

const isOk = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok

/** Any program that tells by HTTP when it is ready. */
export const startWeb = async (options: ServerOptions, { name, args, readyPath }: Web): Promise<Server> => {
  const { program, port, signal } = options
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const url = `http://127.0.0.1:${port}`
  const running = await startProcess({
    name: options.name ?? name,
    home: dataDir,
    command: program.path,
    args: [`--web.listen-address=127.0.0.1:${port}`, ...flags(args, options.args)],
    wrap: program.wrap,
    env: program.env,
    cwd: dataDir,
    ready: () => isOk(`${url}${readyPath}`),
    ...(signal && { signal }),
  })
  return { ...running, url }
}

/** A path in the URL that others reach it at is the proxy's: here it is served at the root as ever, to probes and scrapes too. */
const reachedAt = (port: number) => [`--web.external-url=http://127.0.0.1:${port}`, '--web.route-prefix=/']

export const startPrometheus = ({ configFile, ...options }: ConfiguredOptions) =>
  startWeb(options, {
    name: 'Prometheus',
    readyPath: '/-/ready',
    args: [
      `--config.file=${resolve(configFile)}`,
      `--storage.tsdb.path=${resolve(options.dataDir)}`,
      // The runbook, where each alert leads to.
      `--web.console.templates=${join(dirname(resolve(configFile)), 'consoles')}`,
      ...reachedAt(options.port),
      // The clock of an alert with a shorter `for` starts anew with Prometheus; the default is ten minutes.
      '--rules.alert.for-grace-period=1s',
      // A latency leads to the trace of a request that had it.
      '--enable-feature=exemplar-storage',
    ],
  })

export const startAlertmanager = ({ configFile, ...options }: ConfiguredOptions) =>
  startWeb(options, {
    name: 'Alertmanager',
    readyPath: '/-/ready',
    args: [
      `--config.file=${resolve(configFile)}`,
      `--storage.path=${resolve(options.dataDir)}`,
      // Who was told, and who has answered, as it is known after a crash: what is younger is lost. The default is a quarter of an hour.
      '--data.maintenance-interval=5s',
      // Where its messages lead to.
      ...reachedAt(options.port),
      // A cluster of one: the default listens for others on every interface.
      '--cluster.listen-address=',
    ],
  })

export const startBlackboxExporter = ({ configFile, ...options }: ConfiguredOptions) =>
  startWeb(options, {
    name: 'Blackbox exporter',
    readyPath: '/-/healthy',
    args: [`--config.file=${resolve(configFile)}`],
  })

export const startNodeExporter = (options: ServerOptions) =>
  startWeb(options, {
    name: 'Node exporter',
    readyPath: '/',
    // Debian's build switches both on, for a system that runs it as a service.
    args: ['--no-collector.systemd', '--collector.textfile.directory='],
  })

interface RedisOptions extends Omit<ServerOptions, 'args'> {
  /** As Redis writes it: `64mb`. */
  readonly maxmemory?: string
  readonly password?: string
  /** Directives on top of ours; one of several words is a list: `{ replicaof: ['127.0.0.1', '6379'] }`. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>
}

/** Settings go by file: an argument would show the password to every user of the machine. */
export const startRedis = async (options: RedisOptions): Promise<Server> => {
  const { program, port, maxmemory, password, settings = {}, name = 'Redis', signal } = options
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const directives = {
    bind: '127.0.0.1',
    port: String(port),
    dir: dataDir,
    save: '',
    appendonly: 'no',
    ...(maxmemory && { maxmemory }),
    ...(password && { requirepass: password }),
    ...settings,
  }
  const words = (value: string | readonly string[]) =>
    [value]
      .flat()
      .map((word) => JSON.stringify(word))
      .join(' ')
  const lines = Object.entries(directives).map(([key, value]) => `${key} ${words(value)}\n`)
  const configFile = `${dataDir}.conf`
  writeFileSync(configFile, lines.join(''), { mode: 0o600 })
  const running = await startProcess({
    name,
    home: dataDir,
    command: program.path,
    args: [configFile],
    env: program.env,
    cwd: dataDir,
    ready: /Ready to accept connections/,
    ...(signal && { signal }),
  })
  return { ...running, url: `redis://${password ? `:${encodeURIComponent(password)}@` : ''}127.0.0.1:${port}` }
}
