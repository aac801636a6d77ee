import { folders } from '../../config/targets.ts'
import type { Deployment } from '../deployment.ts'
import { pace } from '../prometheus.ts'
import { type Job, prometheusScrapes } from '../scrapes.ts'
import { type Manifest, named, nameLabel } from './manifest.ts'
import { portName, secrets, tokenKey } from './names.ts'

const group = 'monitoring.coreos.com/v1'

const often = { interval: pace.scrape_interval, scrapeTimeout: pace.scrape_timeout } as const

/**
 * Series have the labels that prometheus.yml gives them, and no other: rules and panels join by these. The operator adds where
 * in the cluster a target was found.
 */
const foundAt = { action: 'labeldrop', regex: 'namespace|service|pod|container|endpoint|node' } as const

/** A pod of a StatefulSet keeps its name, `api-0`, and so may be an instance of its own beside others. */
const eachOfASet = {
  sourceLabels: ['__meta_kubernetes_pod_name'],
  regex: '(.+-\\d{1,3})',
  targetLabel: 'instance',
} as const

const labelled = (job: string, instance: string, severally: boolean) => [
  foundAt,
  { targetLabel: 'job', replacement: job },
  { targetLabel: 'instance', replacement: instance },
  ...(severally ? [eachOfASet] : []),
]

const authorization = { authorization: { type: 'Bearer', credentials: { name: secrets.token, key: tokenKey } } }

interface Scrape {
  readonly job: string
  readonly address: string
  readonly path: string
  readonly scheme: string
  readonly instance: string
  readonly honorsLabels: boolean
  readonly asksForToken: boolean
  /** Of a prober: what it is to reach, and how. */
  readonly target?: string | undefined
  readonly module?: string | undefined
}

const scrapesOf = (one: Job): readonly Scrape[] =>
  one.static_configs.flatMap(({ targets, labels }) =>
    targets.map((address) => ({
      job: one.job_name,
      address,
      path: labels.__metrics_path__ ?? '/metrics',
      scheme: labels.__scheme__ ?? 'http',
      instance: labels.instance ?? '',
      honorsLabels: one.honor_labels === true,
      asksForToken: 'authorization' in one,
      target: labels.__param_target,
      module: labels.__param_module,
    })),
  )

/** What the maintenance jobs leave is read where they run, and they do not run here. */
const elsewhere = new Set<string>(Object.values(folders).flatMap(({ kinds }) => kinds))

/** All that is scraped, but for what is not in this cluster. */
const scrapes = (cluster: Deployment): readonly Scrape[] =>
  prometheusScrapes(cluster)
    .flatMap(scrapesOf)
    .filter(({ job, address }) => address !== '' && !elsewhere.has(job))

const endpoint = (port: string, severally: boolean) => (one: Scrape) => ({
  port,
  path: one.path,
  scheme: one.scheme,
  ...often,
  ...(one.honorsLabels && { honorLabels: true }),
  ...(one.asksForToken && authorization),
  relabelings: labelled(one.job, one.instance, severally),
})

interface Monitored {
  /** Where Prometheus would find it without a cluster. */
  readonly address: string
  /** What its Service is known by, and the name of its port. */
  readonly labels: Readonly<Record<string, string>>
  readonly port?: string
  /** Whether several pods may be behind it. */
  readonly severally?: boolean
}

/** What is scraped of one Service: an endpoint for each path. */
export const serviceMonitor = (name: string, cluster: Deployment, monitored: Monitored): Manifest => {
  const { address, labels, port = portName, severally = false } = monitored
  const found = scrapes(cluster).filter((one) => one.address === address && one.target === undefined)
  return {
    apiVersion: group,
    kind: 'ServiceMonitor',
    metadata: named(name),
    spec: { selector: { matchLabels: labels }, endpoints: found.map(endpoint(port, severally)) },
  }
}

/** The monitor of a program of ours, whose Service has its name. */
export const ownMonitor = (name: string, cluster: Deployment): Manifest => {
  const address = [cluster.exporter, cluster.incidents, cluster.blackbox].find((one) => one.startsWith(`${name}:`))
  if (!address) throw new Error(`no program of ours is called ${name}`)
  return serviceMonitor(name, cluster, { address, labels: nameLabel(name) })
}

/** What is reached from outside: by the blackbox exporter, on our behalf. */
export const probes = (cluster: Deployment): readonly Manifest[] =>
  scrapes(cluster)
    .filter(({ target }) => target !== undefined)
    .map(({ job, instance, address, path, target, module }) => ({
      apiVersion: group,
      kind: 'Probe',
      metadata: named(`techplus-${instance}`),
      spec: {
        jobName: job,
        ...often,
        module,
        prober: { url: address, path },
        targets: { staticConfig: { static: [target], relabelingConfigs: labelled(job, instance, false) } },
      },
    }))

/** The API is somebody else's: its Service has this label, and a port of this name that serves its metrics. */
export const apiMonitor = (cluster: Deployment): readonly Manifest[] => {
  const { apiMetrics } = cluster
  if (!apiMetrics) return []
  const { host, hostname } = new URL(apiMetrics)
  const monitored = { address: host, labels: nameLabel(hostname), port: 'metrics', severally: true }
  return [serviceMonitor(`techplus-${hostname}`, cluster, monitored)]
}
