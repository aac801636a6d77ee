import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Env, PortVariable, UrlVariable } from '../config/env.ts'
import { severities, sla } from '../config/sla.ts'
import { sourceVariables, targets } from '../config/targets.ts'
import { namesOf } from '../metrics/names.ts'
import { composeDeploymentFor, type Deployment, type Login } from './deployment.ts'
import type { Port } from './local/ports.ts'

/** The checkout. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** How long Prometheus keeps what it knows: the longest period of a promise, which is judged over all of it, and two days. */
export const retention = `${Math.max(...Object.values(sla).map(({ window }) => Number.parseInt(window, 10))) + 2}d`

/**
 * What of that may lie on the disk, so that it is never filled: the oldest goes first. 12,000 series every 15 seconds, as the
 * demo has them with much that is watched (docs/proof/panels.md), at Prometheus' own 1 to 2 bytes a sample
 * (prometheus.io/docs/prometheus/latest/storage) are 2 to 4 GB in that time; this is four times as much. The flag in
 * docker-compose.yml is to say the same; what is claimed in a cluster follows.
 */
export const retentionSize = '16GB'

/**
 * How long Prometheus may be down and still know since when an alert fires: an hour longer than anybody has to respond to
 * one. After more, the clocks of all that fire would start anew, and nobody would be called in time.
 */
export const outageTolerance = `${Math.max(...Object.values(severities).map(({ respondWithinHours }) => respondWithinHours)) + 1}h`

/** Where what messages lead to is reached, as those who are told reach it. */
const publicUrls = [
  'ALERTMANAGER_PUBLIC_URL',
  'PROMETHEUS_PUBLIC_URL',
  'GRAFANA_PUBLIC_URL',
] as const satisfies UrlVariable[]

/** The variables without which links in messages lead to this machine, and so nowhere on a telephone. */
export const unsetPublicUrls = (env: Env): readonly UrlVariable[] =>
  publicUrls.filter((name) => env[name] === undefined)

/** True where the demo is started; with any URL of a real service, that is watched instead and only read. */
export const isDemo = (env: Env) => sourceVariables.every((name) => env[name] === undefined)

/** What the demo has a server of its own for. */
const demoSources: readonly UrlVariable[] = ['DATABASE_URL', 'REDIS_URL']

/** Every port that a local start opens, with the variable that moves it. */
export const portsOf = (env: Env): readonly Port[] => {
  const port = (name: string, variable: PortVariable) => ({ port: env[variable], name, variable })
  const stack = [
    port('Exporter', 'EXPORTER_PORT'),
    port('Dashboards', 'GRAFANA_PORT'),
    port('Prometheus', 'PROMETHEUS_PORT'),
    port('Alertmanager', 'ALERTMANAGER_PORT'),
    port('Incidents', 'INCIDENTS_PORT'),
    port('Blackbox exporter', 'BLACKBOX_PORT'),
    port('Node exporter', 'NODE_EXPORTER_PORT'),
  ]
  const demo = [
    port('PostgreSQL', 'POSTGRES_PORT'),
    port('Redis', 'REDIS_PORT'),
    port('Demo API', 'API_PORT'),
    port('API metrics', 'METRICS_PORT'),
    port('Payment provider', 'PAYMENTS_PORT'),
    port('Pager', 'PAGER_PORT'),
  ]
  return isDemo(env) ? [...demo, ...stack] : stack
}

/** @throws Error where a secret came by value: in a file that is generated it would stand for everybody to read */
const loginOf = ({ EXPORTER_TOKEN, EXPORTER_USER: user, files }: Env): Login | undefined => {
  const { EXPORTER_TOKEN: tokenFile, EXPORTER_PASSWORD: passwordFile } = files
  if (tokenFile) return { tokenFile }
  if (user && passwordFile) return { user, passwordFile }
  if (EXPORTER_TOKEN === undefined && user === undefined) return undefined
  const name = user === undefined ? 'EXPORTER_TOKEN' : 'EXPORTER_PASSWORD'
  throw new Error(`could not let Prometheus scrape the exporter: give the secret by file, as ${name}_FILE`)
}

/** Where the secrets of the channels are. */
export const secretsDirOf = ({ SECRETS_DIR }: Env): string => resolve(root, SECRETS_DIR)

/** What is known of a start besides its environment. */
interface Known {
  /** The Alertmanager's: `0.25.0`. Where it is left out, the oldest that will do. */
  readonly alertmanager?: string
  readonly tellsNobody?: boolean
}

const readsUrlFiles = (version: string) => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 0 || minor >= 26
}

const givenTargets = (env: Env) => namesOf(targets).filter((name) => env[targets[name].url] !== undefined)

/** Where everything is in containers that watch real services (docker-compose.targets.yml). */
export const givenDeploymentOf = (env: Env): Deployment => {
  const { api: _api, apiMetrics: _metrics, pager: _pager, ...watchers } = composeDeploymentFor(env)
  const { API_URL: api, API_METRICS_URL: apiMetrics } = env
  return { ...watchers, targets: givenTargets(env), ...(api && { api }), ...(api && apiMetrics && { apiMetrics }) }
}

/** Where everything is when it runs as local processes that read their configuration in `configDir`. */
export const deploymentOf = (
  env: Env,
  configDir: string,
  { alertmanager = '0.25.0', tellsNobody = false }: Known = {},
): Deployment => {
  const demo = isDemo(env)
  const api = demo ? `http://127.0.0.1:${env.API_PORT}` : env.API_URL
  const apiMetrics = demo ? `http://127.0.0.1:${env.METRICS_PORT}/metrics` : env.API_METRICS_URL
  const secretsDir = secretsDirOf(env)
  const exporterLogin = loginOf(env)
  return {
    exporter: `127.0.0.1:${env.EXPORTER_PORT}`,
    prometheus: `127.0.0.1:${env.PROMETHEUS_PORT}`,
    alertmanager: `127.0.0.1:${env.ALERTMANAGER_PORT}`,
    blackbox: `127.0.0.1:${env.BLACKBOX_PORT}`,
    nodeExporter: `127.0.0.1:${env.NODE_EXPORTER_PORT}`,
    incidents: `127.0.0.1:${env.INCIDENTS_PORT}`,
    dashboards: env.GRAFANA_PUBLIC_URL ?? `http://127.0.0.1:${env.GRAFANA_PORT}`,
    runbooks: env.PROMETHEUS_PUBLIC_URL ?? `http://127.0.0.1:${env.PROMETHEUS_PORT}`,
    targets: demo ? namesOf(targets).filter((name) => demoSources.includes(targets[name].url)) : givenTargets(env),
    ...(exporterLogin && { exporterLogin }),
    ...(api && { api }),
    ...(api && apiMetrics && { apiMetrics }),
    ...(demo && { pager: `http://127.0.0.1:${env.PAGER_PORT}` }),
    secretsDir,
    hasSecret: (name) => existsSync(join(secretsDir, name)),
    webhookUrlFiles: readsUrlFiles(alertmanager),
    ...(tellsNobody && { tellsNobody }),
    dashboardsDir: join(configDir, 'grafana/dashboards'),
  }
}
