import { targets } from '../../config/targets.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Deployment } from '../deployment.ts'

/** What runs in pods of ours, and by which name others reach it. */
export const programs = {
  exporter: 'techplus-exporter',
  incidents: 'techplus-incidents',
  blackbox: 'techplus-blackbox',
} as const
export type Program = (typeof programs)[keyof typeof programs]

/** Ports of the pods, which are those of their Services too. */
export const ports: Readonly<Record<Program, number>> = {
  'techplus-exporter': 9464,
  'techplus-incidents': 9466,
  'techplus-blackbox': 9115,
}

/** The one port that each has. */
export const portName = 'http'

/** Images of ours. Nobody else has them: whoever applies this says where they are. */
export const exporterImage = 'techplus-observability-exporter'

/**
 * Secrets that the user makes, each with the files of one reader. Nothing generated holds a value of theirs.
 * `sources` has a key for each URL of `config/targets.ts`, `channels` one for each secret of `config/teams.ts`, `tls` the
 * certificates that the URLs name, where they name any.
 */
export const secrets = {
  sources: 'techplus-sources',
  token: 'techplus-token',
  channels: 'techplus-channels',
  tls: 'techplus-tls',
} as const
export const tokenKey = 'token'
/** The key that holds the value of a variable: `database_url`. */
export const keyOf = (variable: string): string => variable.toLowerCase()

export const alertmanagerConfigName = 'techplus-alertmanager'
export const runbookName = 'techplus-runbook'

/** Where the operator mounts a Secret that the Alertmanager names. */
const alertmanagerSecret = (name: string) => `/etc/alertmanager/secrets/${name}`

/** Services that the operator makes for the servers that it runs. */
const operated = { prometheus: 'prometheus-operated:9090', alertmanager: 'alertmanager-operated:9093' } as const

const at = (program: Program) => `${program}:${ports[program]}`

/**
 * The same stack in a cluster: everything in one namespace, where a Service's name is enough. Where dashboards and the runbook
 * are reached is what the other one says.
 */
export const clusterDeployment = ({
  dashboards,
  runbooks,
}: Pick<Deployment, 'dashboards' | 'runbooks'>): Deployment => ({
  exporter: at(programs.exporter),
  incidents: at(programs.incidents),
  blackbox: at(programs.blackbox),
  ...operated,
  // A cluster has its own, on every node.
  nodeExporter: '',
  dashboards,
  runbooks,
  exporterLogin: { tokenFile: `${alertmanagerSecret(secrets.token)}/${tokenKey}` },
  targets: namesOf(targets),
  api: 'http://api:3000',
  apiMetrics: 'http://api:9465/metrics',
  secretsDir: alertmanagerSecret(secrets.channels),
  hasSecret: () => true,
  webhookUrlFiles: true,
  sourcesOf: 'TechPlus',
  dashboardsDir: '/etc/grafana/dashboards',
})
