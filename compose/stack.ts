import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Env } from '../config/env.ts'
import { targets } from '../config/targets.ts'
import { demoLogins, setupDemo, urlFor } from '../demo/setup.ts'
import { namesOf } from '../metrics/names.ts'
import { artefacts } from './artefacts.ts'
import type { Deployment } from './deployment.ts'
import { assertRoom } from './local/disk.ts'
import { endLeftovers } from './local/leftovers.ts'
import { assertPortsFree } from './local/ports.ts'
import { startPostgres } from './local/postgres.ts'
import { type Running, startProcess } from './local/process.ts'
import { ensurePrograms } from './local/programs.ts'
import {
  startAlertmanager,
  startBlackboxExporter,
  startNodeExporter,
  startPrometheus,
  startRedis,
} from './local/servers.ts'

/** One part of the running stack. */
export interface Component {
  readonly name: string
  readonly url: string
  readonly running: Running
}

export interface Stack {
  readonly components: readonly Component[]
  readonly deployment: Deployment
  /** Ends everything in the reverse of the order in which it was started. */
  stop(): Promise<void>
}

interface StackOptions {
  readonly env: Env
  /** Where data, logs and the generated configuration go. */
  readonly folder: string
  readonly say: (line: string) => void
  /** Gives up, and ends what was started so far. */
  readonly signal: AbortSignal
}

const root = fileURLToPath(new URL('..', import.meta.url))
/** A fresh stack with its data, and a day of them. */
const room = 1024 ** 3

/** True where the demo is started; with any URL of a real service, that is watched instead and only read. */
export const isDemo = ({ DATABASE_URL, REDIS_URL, API_URL }: Env) => !(DATABASE_URL || REDIS_URL || API_URL)

const ports = (env: Env) => {
  const port = (name: string, variable: keyof Env & `${string}_PORT`) => ({ port: env[variable], name, variable })
  const stack = [
    port('Exporter', 'EXPORTER_PORT'),
    port('Prometheus', 'PROMETHEUS_PORT'),
    port('Alertmanager', 'ALERTMANAGER_PORT'),
    port('Blackbox exporter', 'BLACKBOX_PORT'),
    port('Node exporter', 'NODE_EXPORTER_PORT'),
  ]
  const demo = [
    port('PostgreSQL', 'POSTGRES_PORT'),
    port('Redis', 'REDIS_PORT'),
    port('Demo API', 'API_PORT'),
    port('Payment provider', 'PAYMENTS_PORT'),
    port('Pager', 'PAGER_PORT'),
  ]
  return isDemo(env) ? [...demo, ...stack] : stack
}

const deploymentOf = (env: Env): Deployment => {
  const demo = isDemo(env)
  const api = demo ? `http://127.0.0.1:${env.API_PORT}` : env.API_URL
  const secretsDir = resolve(root, env.SECRETS_DIR)
  return {
    exporter: `127.0.0.1:${env.EXPORTER_PORT}`,
    prometheus: `127.0.0.1:${env.PROMETHEUS_PORT}`,
    alertmanager: `127.0.0.1:${env.ALERTMANAGER_PORT}`,
    blackbox: `127.0.0.1:${env.BLACKBOX_PORT}`,
    nodeExporter: `127.0.0.1:${env.NODE_EXPORTER_PORT}`,
    targets: namesOf(targets).filter((name) => demo || env[targets[name].url] !== undefined),
    ...(api && { api }),
    ...(demo && { pager: `http://127.0.0.1:${env.PAGER_PORT}` }),
    secretsDir,
    hasSecret: (name) => existsSync(join(secretsDir, name)),
  }
}

const writeConfiguration = (folder: string, deployment: Deployment) => {
  for (const [path, text] of artefacts(deployment)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** Brings up the whole stack as local processes on loopback, in the order in which its parts need each other. */
export const startStack = async ({ env, folder, say, signal }: StackOptions): Promise<Stack> => {
  const started: Component[] = []
  const stop = async () => {
    for (const { running } of started.toReversed()) await running.stop()
  }
  const start = async (name: string, url: string, starting: Promise<Running>) => {
    const running = await starting
    started.push({ name, url, running })
    say(`${name} is ready`)
    return running
  }
  try {
    await endLeftovers(folder, say)
    await assertPortsFree(ports(env))
    assertRoom(folder, room, 'the stack')
    const deployment = deploymentOf(env)
    writeConfiguration(join(folder, 'config'), deployment)
    const sources = isDemo(env) ? await startDemo({ env, folder, say, signal }, start) : {}
    await startWatchers({ env, folder, say, signal }, sources, start)
    return { components: started, deployment, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

type Start = (name: string, url: string, starting: Promise<Running>) => Promise<Running>
type Sources = Readonly<Partial<Record<'DATABASE_URL' | 'REDIS_URL', string>>>

/** All of them, or the first failure, and that only when none is under way any more. */
const together = async (starting: readonly Promise<unknown>[]) => {
  const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

const node = (name: string, entry: string, home: string, port: number, env: NodeJS.ProcessEnv, signal: AbortSignal) =>
  startProcess({
    name,
    home,
    command: process.execPath,
    args: ['--import', 'tsx', entry],
    cwd: root,
    env: { ...env },
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })).ok,
    signal,
  })

/** PostgreSQL, Redis, and the API with its visitors. Returns the logins that may only read. */
const startDemo = async ({ env, folder, say, signal }: StackOptions, start: Start): Promise<Sources> => {
  const secret = () => randomBytes(18).toString('base64url')
  const programs = await ensurePrograms(['redis-server'], say)
  const [passwords, cache] = [{ api: secret(), exporter: secret() }, secret()]
  const redisUrl = `redis://:${cache}@127.0.0.1:${env.REDIS_PORT}`
  const postgres = startPostgres({ dataDir: join(folder, 'postgres'), port: env.POSTGRES_PORT, signal }).then(
    async (server) => {
      await start('PostgreSQL', `127.0.0.1:${env.POSTGRES_PORT}`, Promise.resolve(server))
      await setupDemo({ adminUrl: server.url, passwords })
      return (login: keyof typeof passwords) =>
        urlFor(server.url, { login: demoLogins[login], password: passwords[login] })
    },
  )
  const redis = startRedis({
    program: programs['redis-server'],
    dataDir: join(folder, 'redis'),
    port: env.REDIS_PORT,
    password: cache,
    maxmemory: '64mb',
    settings: { 'maxmemory-policy': 'allkeys-lru' },
    signal,
  })
  await together([postgres, start('Redis', `127.0.0.1:${env.REDIS_PORT}`, redis)])
  const urlOf = await postgres
  const demo = { DATABASE_URL: urlOf('api'), REDIS_URL: redisUrl, API_HOST: '127.0.0.1' }
  await start(
    'Demo API',
    `http://127.0.0.1:${env.API_PORT}`,
    node('Demo API', 'demo/main.ts', join(folder, 'demo'), env.API_PORT, demo, signal),
  )
  return { DATABASE_URL: urlOf('exporter'), REDIS_URL: redisUrl }
}

/** What reads, judges and tells. */
const startWatchers = async ({ env, folder, say, signal }: StackOptions, sources: Sources, start: Start) => {
  const programs = await ensurePrograms(['prometheus', 'alertmanager', 'blackbox-exporter', 'node-exporter'], say)
  const config = join(folder, 'config')
  const at = (port: number) => `http://127.0.0.1:${port}`
  const common = (name: keyof typeof programs, port: number) => ({
    program: programs[name],
    dataDir: join(folder, name),
    port,
    signal,
  })
  await together([
    start(
      'Exporter',
      at(env.EXPORTER_PORT),
      node('Exporter', 'exporters/main.ts', join(folder, 'exporter'), env.EXPORTER_PORT, sources, signal),
    ),
    start(
      'Blackbox exporter',
      at(env.BLACKBOX_PORT),
      startBlackboxExporter({
        ...common('blackbox-exporter', env.BLACKBOX_PORT),
        configFile: join(config, 'blackbox/blackbox.yml'),
      }),
    ),
    start(
      'Node exporter',
      at(env.NODE_EXPORTER_PORT),
      startNodeExporter(common('node-exporter', env.NODE_EXPORTER_PORT)),
    ),
    start(
      'Alertmanager',
      at(env.ALERTMANAGER_PORT),
      startAlertmanager({
        ...common('alertmanager', env.ALERTMANAGER_PORT),
        configFile: join(config, 'alertmanager/alertmanager.yml'),
      }),
    ),
  ])
  await start(
    'Prometheus',
    at(env.PROMETHEUS_PORT),
    startPrometheus({
      ...common('prometheus', env.PROMETHEUS_PORT),
      configFile: join(config, 'prometheus/prometheus.yml'),
    }),
  )
}
