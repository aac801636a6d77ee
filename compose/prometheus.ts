import {
  type FolderTarget,
  folders,
  type Kind,
  scrapeInterval,
  services,
  type Target,
  targets,
} from '../config/targets.ts'
import type { Deployment } from './deployment.ts'
import { loginOf } from './login.ts'
import { yaml } from './yaml.ts'

interface Endpoint {
  readonly targets: readonly string[]
  /** `instance` is the target's name; the rest tells Prometheus where on that address it is. */
  readonly labels: Readonly<Record<string, string>>
}

const job = (name: string, endpoints: readonly Endpoint[], more: object = {}) =>
  endpoints.length > 0 ? [{ job_name: name, ...more, static_configs: endpoints }] : []

const itself = (name: string, address: string, more?: object) =>
  job(name, [{ targets: [address], labels: { instance: name } }], more)

const kindsOf = ({ kinds }: Target) => kinds

const readBy = (deployment: Deployment) => {
  const { exporter, targets: present } = deployment
  const kinds = [...new Set(Object.values<Target>(targets).flatMap((target) => target.kinds))]
  const endpoint = (kind: Kind, instance: string) => ({
    targets: [exporter],
    labels: { __metrics_path__: `/metrics/${kind}/${instance}`, instance },
  })
  const servers = kinds.flatMap((kind) =>
    job(
      kind,
      present.filter((name) => kindsOf(targets[name]).includes(kind)).map((name) => endpoint(kind, name)),
      loginOf(deployment),
    ),
  )
  const ofFolders = Object.entries<FolderTarget>(folders).flatMap(([name, folder]) =>
    folder.kinds.flatMap((kind) => job(kind, [endpoint(kind, name)], loginOf(deployment))),
  )
  return [...servers, ...ofFolders]
}

const service = ({ api, apiMetrics, blackbox }: Deployment) => {
  if (!api) return []
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

/** prometheus.yml. Rule files stand beside it. Only what every version from 2.42 on knows. */
export const prometheusConfig = (deployment: Deployment, ruleFiles: readonly string[]): string =>
  yaml({
    global: { scrape_interval: scrapeInterval, scrape_timeout: '10s', evaluation_interval: scrapeInterval },
    rule_files: ruleFiles.map((name) => `rules/${name}`),
    alerting: { alertmanagers: [{ static_configs: [{ targets: [deployment.alertmanager] }] }] },
    scrape_configs: [
      ...service(deployment),
      ...readBy(deployment),
      ...itself('exporter', deployment.exporter, loginOf(deployment)),
      // Its series carry the labels of the alerts they are about, `instance` among them.
      ...itself('incidents', deployment.incidents, { honor_labels: true, ...loginOf(deployment) }),
      ...itself('prometheus', deployment.prometheus),
      ...itself('alertmanager', deployment.alertmanager),
      ...itself('blackbox', deployment.blackbox),
      ...itself('node', deployment.nodeExporter),
    ],
  })

/** The blackbox exporter's modules. */
export const blackboxConfig = (): string =>
  yaml({ modules: { http_2xx: { prober: 'http', timeout: '5s', http: { preferred_ip_protocol: 'ip4' } } } })
