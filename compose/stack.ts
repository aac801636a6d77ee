import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sourceVariables } from '../config/targets.ts'
import { demoLogins, setupDemo, urlFor } from '../demo/setup.ts'
import { wordsOf } from '../exporters/failure.ts'
import { artefacts } from './artefacts.ts'
import { at, type Component, type StackOptions, type Start, together } from './component.ts'
import type { Deployment } from './deployment.ts'
import { assertRoom } from './local/disk.ts'
import { endLeftovers } from './local/leftovers.ts'
import { startNode } from './local/node.ts'
import { assertPortsFree } from './local/ports.ts'
import { startPostgres } from './local/postgres.ts'
import { programFolder } from './local/program-folder.ts'
import { ensurePrograms } from './local/programs.ts'
import { startRedis } from './local/servers.ts'
import { deploymentOf, isDemo, portsOf, secretsDirOf } from './plan.ts'
import { assertSecrets } from './secret-files.ts'
import { type GivenSources, given, startWatchers, watching } from './watchers.ts'

export interface Stack {
  readonly components: readonly Component[]
  readonly deployment: Deployment
  /** Ends everything in the reverse of the order in which it was started. */
  stop(): Promise<void>
}

/** The logins of the jobs. */
const jobVariables = ['JOBS_DATABASE_URL', 'JOBS_REDIS_URL', 'RESTORE_DATABASE_URL'] as const

/** A fresh stack with its data, and a day of them. */
const room = 1024 ** 3

const writeConfiguration = (folder: string, deployment: Deployment) => {
  for (const [path, text] of artefacts(deployment)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

/** Brings up the whole stack as local processes on loopback, in the order in which its parts need each other. */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { env, tellNobody = false, folder, say, signal } = options
  const started: Component[] = []
  const stop = async () => {
    for (const { running } of started.toReversed()) await running.stop()
  }
  const start: Start = async (parts, launch) => {
    let ended = false
    const launched = async () => {
      const fresh = await launch()
      ended = false
      void fresh.exited.then(() => {
        ended = true
      })
      return fresh
    }
    let running = await launched()
    const restart = async () => {
      await running.stop()
      running = await launched()
    }
    started.push({
      parts,
      restart,
      get running() {
        return running
      },
      get ended() {
        return ended
      },
    })
    for (const { name } of parts) say(`${name}: ready`)
  }
  try {
    if (!tellNobody) {
      assertSecrets({ secretsDir: secretsDirOf(env), needed: !isDemo(env), container: false })
    }
    await endLeftovers(folder, say)
    await assertPortsFree(portsOf(env))
    assertRoom(folder, room, 'the stack')
    // All at once and before anything runs: one download, and what cannot be had is told at the start.
    const { alertmanager } = await ensurePrograms(isDemo(env) ? [...watching, 'redis-server'] : watching, say)
    const configDir = join(folder, 'config')
    const deployment = deploymentOf(env, configDir, { alertmanager: alertmanager.version, tellsNobody: tellNobody })
    writeConfiguration(configDir, deployment)
    const sources = isDemo(env)
      ? await startDemo({ env, folder, say, signal }, start)
      : { watched: given(env, sourceVariables), jobs: given(env, [...sourceVariables, ...jobVariables]) }
    await startWatchers(options, sources, start)
    return { components: started, deployment, stop }
  } catch (cause) {
    await stop()
    throw cause
  }
}

/** pg_dump and pg_restore for the demo's backups. Where they cannot be had, those jobs say so, and the rest goes on. */
const postgresPrograms = async (folder: string, say: StackOptions['say']) => {
  try {
    const found = await ensurePrograms(['pg_dump-17', 'pg_restore-17'], say)
    const programs = { pg_dump: found['pg_dump-17'], pg_restore: found['pg_restore-17'] }
    return { POSTGRES_BIN: programFolder(join(folder, 'jobs', 'bin'), programs) }
  } catch (cause) {
    say(`The demo's backups will not run: ${wordsOf(cause)}`)
    return {}
  }
}

/** PostgreSQL, Redis, and the API with its visitors. Returns the logins that may only read. */
const startDemo = async ({ env, folder, say, signal }: StackOptions, start: Start): Promise<GivenSources> => {
  const secret = () => randomBytes(18).toString('base64url')
  const programs = await ensurePrograms(['redis-server'], say)
  const [passwords, cache] = [{ api: secret(), exporter: secret() }, secret()]
  const redisUrl = `redis://:${cache}@127.0.0.1:${env.REDIS_PORT}`
  const startDatabase = async () => {
    const server = await startPostgres({ dataDir: join(folder, 'postgres'), port: env.POSTGRES_PORT, signal })
    await setupDemo({ adminUrl: server.url, passwords })
    adminUrl = server.url
    return server
  }
  let adminUrl = ''
  const startCache = () =>
    startRedis({
      program: programs['redis-server'],
      dataDir: join(folder, 'redis'),
      port: env.REDIS_PORT,
      password: cache,
      maxmemory: '64mb',
      settings: { 'maxmemory-policy': 'allkeys-lru' },
      signal,
    })
  await together([
    start([{ name: 'PostgreSQL', url: `127.0.0.1:${env.POSTGRES_PORT}` }], startDatabase),
    start([{ name: 'Redis', url: `127.0.0.1:${env.REDIS_PORT}` }], startCache),
  ])
  const urlOf = (login: keyof typeof passwords) =>
    urlFor(adminUrl, { login: demoLogins[login], password: passwords[login] })
  const demo = {
    DATABASE_URL: urlOf('api'),
    REDIS_URL: redisUrl,
    API_HOST: '127.0.0.1',
    API_PORT: String(env.API_PORT),
    METRICS_PORT: String(env.METRICS_PORT),
    SERVICE_NAME: 'techplus-api',
    // As the handbook has it. Node, and --import with it, would end the process.
    SERVICE_EXIT_ON_REJECTION: 'false',
    LOG_DIR: join(folder, 'demo', 'logs'),
    PAYMENTS_PORT: String(env.PAYMENTS_PORT),
    PAGER_PORT: String(env.PAGER_PORT),
    TRAFFIC_RATE: String(env.TRAFFIC_RATE),
  }
  await start(
    [
      { name: 'Demo API', url: at(env.API_PORT) },
      { name: 'API metrics', url: `${at(env.METRICS_PORT)}/metrics` },
      { name: 'Payment provider', url: at(env.PAYMENTS_PORT) },
      { name: 'Pager', url: `${at(env.PAGER_PORT)}/alerts` },
    ],
    () =>
      startNode({
        name: 'Demo',
        entry: 'demo/main.ts',
        imports: ['./exporters/service/register.ts'],
        home: join(folder, 'demo'),
        ready: { port: env.API_PORT },
        env: demo,
        signal,
      }),
  )
  return {
    watched: { DATABASE_URL: urlOf('exporter'), REDIS_URL: redisUrl },
    jobs: {
      JOBS_DATABASE_URL: urlFor(adminUrl, {}),
      RESTORE_DATABASE_URL: adminUrl,
      JOBS_REDIS_URL: redisUrl,
      ...(await postgresPrograms(folder, say)),
    },
  }
}
