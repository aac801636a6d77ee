import { type Kind, type Stored, type Watched, watched } from '../config/targets.ts'
import { namesOf } from '../metrics/names.ts'
import type { Deployment } from './deployment.ts'
import { loginOf } from './login.ts'

/** Who scrapes: what an agent scrapes is kept by Mimir. */
type Scraper = 'prometheus' | 'agent'

interface Endpoint {
  readonly targets: readonly string[]
  /** `instance` is the target's name; the rest tells Prometheus where on that address it is. */
  readonly labels: Readonly<Record<string, string>>
}

/** What is scraped under one name, and how it is asked. */
export interface Job {
  readonly job_name: string
  readonly honor_labels?: true
  readonly static_configs: readonly Endpoint[]
}

type More = Pick<Job, 'honor_labels'> & ReturnType<typeof loginOf>

const job = (name: string, endpoints: readonly Endpoint[], more: More = {}): readonly Job[] =>
  endpoints.length > 0 ? [{ job_name: name, ...more, static_configs: endpoints }] : []

const itself = (name: string, address: string, more?: More) =>
  job(name, [{ targets: [address], labels: { instance: name } }], more)

/** Several of one kind: each has the name that it is reached by. */
const eachOf = (name: string, addresses: readonly string[], more?: object) =>
  job(
    name,
    addresses.map((address) => ({ targets: [address], labels: { instance: address.replace(/:\d+$/, '') } })),
    more,
  )

/** Without a Mimir all is scraped by Prometheus. */
const scraperOf = ({ storage }: Stored, { mimir }: Deployment): Scraper =>
  mimir && storage === 'remote-write' ? 'agent' : 'prometheus'

const readBy = (scraper: Scraper, deployment: Deployment, { targets, folders }: Watched) => {
  const { exporter, targets: present } = deployment
  const endpoint = (kind: Kind, instance: string) => ({
    targets: [exporter],
    labels: { __metrics_path__: `/metrics/${kind}/${instance}`, instance },
  })
  const kinds = [...new Set(Object.values(targets).flatMap((target) => target.kinds))]
  const own = present.filter((name) => scraperOf(targets[name], deployment) === scraper)
  const servers = kinds.flatMap((kind) =>
    job(
      kind,
      own.filter((name) => targets[name].kinds.includes(kind)).map((name) => endpoint(kind, name)),
      loginOf(deployment),
    ),
  )
  const ofFolders = namesOf(folders)
    .filter((name) => scraperOf(folders[name], deployment) === scraper)
    .flatMap((name) => folders[name].kinds.flatMap((kind) => job(kind, [endpoint(kind, name)], loginOf(deployment))))
  return [...servers, ...ofFolders]
}

const service = (scraper: Scraper, deployment: Deployment, { services }: Watched) => {
  const { api, apiMetrics, blackbox } = deployment
  if (!api || scraperOf(services.api, deployment) !== scraper) return []
  const { host, protocol, pathname } = new URL(api)
  const path = pathname.replace(/\/$/, '')
  const metrics = new URL(apiMetrics ?? `${protocol}//${host}${path}/metrics`)
  return [
    ...job('api', [
      {
        targets: [metrics.host],
        labels: {
          __scheme__: metrics.protocol.slice(0, -1),
          __metrics_path__: metrics.pathname,
          instance: 'api',
        },
      },
    ]),
    ...job('probe', [
      {
        targets: [blackbox],
        labels: {
          __metrics_path__: '/probe',
          __param_module: 'http_2xx',
          __param_target: `${protocol}//${host}${path}${services.api.health}`,
          instance: 'api',
        },
      },
    ]),
  ]
}

/** What of `config/targets.ts` is scraped by whom. */
const watchedBy = (scraper: Scraper, deployment: Deployment, what: Watched): readonly Job[] => [
  ...service(scraper, deployment, what),
  ...readBy(scraper, deployment, what),
]

/** The scrape configurations of an agent: what is stored by remote write. */
export const agentScrapes = (deployment: Deployment, what: Watched = watched): readonly Job[] =>
  watchedBy('agent', deployment, what)

/** Whether anything is stored by remote write, so that all rules are evaluated where that is. */
export const isRemote = (deployment: Deployment, what: Watched = watched): boolean =>
  agentScrapes(deployment, what).length > 0

/** Everything that `config/targets.ts` wants to be stored by remote write, whether there is a Mimir or not. */
export const remoteNames = (what: Watched = watched): readonly string[] =>
  Object.values<Readonly<Record<string, Stored>>>({ ...what }).flatMap((named) =>
    namesOf(named).filter((name) => named[name]?.storage === 'remote-write'),
  )

/** Who writes and what takes it: by the Prometheus that would be there to tell if neither were. */
const ofMimir = ({ mimir }: Deployment) => {
  if (!mimir) return []
  // It has thousands of series about itself, and this stack looks at those of its process.
  const little = { metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'process_.+', action: 'keep' }] }
  return [...eachOf('agent', mimir.agents), ...eachOf('mimir', mimir.instances, little)]
}

/** The scrape configurations of Prometheus: what is stored there, and the programs of the stack. */
export const prometheusScrapes = (deployment: Deployment, what: Watched = watched): readonly Job[] => [
  ...watchedBy('prometheus', deployment, what),
  ...itself('exporter', deployment.exporter, loginOf(deployment)),
  // Its series carry the labels of the alerts they are about, `instance` among them.
  ...itself('incidents', deployment.incidents, { honor_labels: true, ...loginOf(deployment) }),
  ...itself('prometheus', deployment.prometheus),
  ...itself('alertmanager', deployment.alertmanager),
  ...itself('blackbox', deployment.blackbox),
  ...itself('node', deployment.nodeExporter),
  ...(isRemote(deployment, what) ? ofMimir(deployment) : []),
]
