import type { Env } from '../config/env.ts'
import type { TargetName } from '../config/targets.ts'

/** Where everything listens, as Prometheus and Alertmanager reach it: `host:port`, or a URL where a path belongs to it. */
export interface Deployment {
  readonly exporter: string
  readonly prometheus: string
  readonly alertmanager: string
  readonly blackbox: string
  readonly nodeExporter: string
  /** The recorder of incidents. */
  readonly incidents: string
  /** The URL of Grafana or the preview, as the browser of whoever is told of an alert reaches it. */
  readonly dashboards: string
  /** The URL of the Prometheus that serves the runbook, as the browser of whoever reads a dashboard reaches it. */
  readonly runbooks: string
  /**
   * What the exporter and the recorder of incidents ask for, by files that Prometheus and Alertmanager can read; left out
   * where they ask for nothing.
   */
  readonly exporterLogin?: Login
  /** What takes the series of targets that are stored by remote write; left out where all are stored by Prometheus. */
  readonly mimir?: Mimir
  /** The targets that the exporter has a URL for. */
  readonly targets: readonly TargetName[]
  /** The API's base URL; left out where no API is watched. */
  readonly api?: string
  /** The URL of its metrics. */
  readonly apiMetrics?: string
  /** A webhook that gets everything besides the teams' own channels; left out where there is none. */
  readonly pager?: string
  /** The folder of secret files as Alertmanager sees it, and those of them that are there. */
  readonly secretsDir: string
  readonly hasSecret: (name: string) => boolean
  /** Whether that Alertmanager reads the URL of a webhook from a file: from 0.26 on. */
  readonly webhookUrlFiles: boolean
  /** Alerts are watched, and nobody is told: no channel is used, but for the pager of the demo. */
  readonly tellsNobody?: true
  /**
   * Before the names of data sources where Grafana may have others' with the usual names, of which one is its default; left
   * out where there are ours alone.
   */
  readonly sourcesOf?: string
  /** The folder of the dashboards' files as Grafana sees it. */
  readonly dashboardsDir: string
}

/** A Mimir, and who writes to it. */
export interface Mimir {
  /** What shares the requests out among its instances. */
  readonly gateway: string
  readonly instances: readonly string[]
  /** Prometheus agents that scrape the same: either can be missing. */
  readonly agents: readonly string[]
}

/** A bearer token, or a user with a password. */
export type Login = { readonly tokenFile: string } | { readonly user: string; readonly passwordFile: string }

/** Containers reach each other by the names of their services. */
export const composeDeployment: Deployment = {
  exporter: 'exporter:9464',
  prometheus: 'prometheus:9090',
  alertmanager: 'alertmanager:9093',
  blackbox: 'blackbox:9115',
  nodeExporter: 'node-exporter:9100',
  incidents: 'incidents:9466',
  dashboards: 'http://127.0.0.1:3001',
  runbooks: 'http://127.0.0.1:9090',
  mimir: {
    gateway: 'mimir:8080',
    instances: ['mimir-1:8080', 'mimir-2:8080', 'mimir-3:8080'],
    agents: ['agent-1:9090', 'agent-2:9090'],
  },
  targets: ['main', 'cache'],
  api: 'http://api:3000',
  apiMetrics: 'http://api:9465/metrics',
  pager: 'http://api:9095',
  secretsDir: '/run/secrets',
  hasSecret: () => true,
  webhookUrlFiles: true,
  dashboardsDir: '/etc/grafana/dashboards',
}

/** Containers as those who are told reach them. The rest of their addresses is theirs alone. */
export const composeDeploymentFor = ({
  GRAFANA_PUBLIC_URL,
  PROMETHEUS_PUBLIC_URL,
}: Pick<Env, 'GRAFANA_PUBLIC_URL' | 'PROMETHEUS_PUBLIC_URL'>): Deployment => ({
  ...composeDeployment,
  ...(GRAFANA_PUBLIC_URL && { dashboards: GRAFANA_PUBLIC_URL }),
  ...(PROMETHEUS_PUBLIC_URL && { runbooks: PROMETHEUS_PUBLIC_URL }),
})
