import type { Row } from '../summary.ts'

interface Part {
  readonly service: string
  readonly name: string
  /** Where it listens inside; left out where it listens nowhere. */
  readonly port?: number
  /** Of the URL; left out where it speaks no HTTP. */
  readonly path?: `/${string}` | ''
  /** What moves its port on this machine's loopback; left out where it has none. */
  readonly variable?: string
}

/** What runs in the services of docker-compose.yml that go on running. */
export const parts: readonly Part[] = [
  { service: 'postgres', name: 'PostgreSQL', port: 5432 },
  { service: 'redis', name: 'Redis', port: 6379 },
  { service: 'api', name: 'Demo API', port: 3000, path: '', variable: 'API_PORT' },
  { service: 'api', name: 'API metrics', port: 9465, path: '/metrics' },
  { service: 'api', name: 'Pager', port: 9095, path: '/alerts', variable: 'PAGER_PORT' },
  { service: 'exporter', name: 'Exporter', port: 9464, path: '', variable: 'EXPORTER_PORT' },
  { service: 'jobs', name: 'Jobs' },
  { service: 'blackbox', name: 'Blackbox exporter', port: 9115, path: '' },
  { service: 'node-exporter', name: 'Node exporter', port: 9100, path: '' },
  { service: 'alertmanager', name: 'Alertmanager', port: 9093, path: '', variable: 'ALERTMANAGER_PORT' },
  { service: 'incidents', name: 'Incidents', port: 9466, path: '/incidents', variable: 'INCIDENTS_PORT' },
  { service: 'prometheus', name: 'Prometheus', port: 9090, path: '', variable: 'PROMETHEUS_PORT' },
  { service: 'grafana', name: 'Grafana', port: 3000, path: '', variable: 'GRAFANA_PORT' },
]

/** The same of docker-compose.mimir.yml. */
export const mimirParts: readonly Part[] = [
  { service: 'mimir', name: 'Mimir', port: 8080, path: '/prometheus', variable: 'MIMIR_PORT' },
  { service: 'minio', name: 'Object storage', port: 9000, path: '' },
  { service: 'agent-1', name: 'Prometheus agent', port: 9090, path: '' },
  { service: 'agent-2', name: 'Prometheus agent', port: 9090, path: '' },
]

/** A container as compose tells of it. */
export interface Container {
  readonly service: string
  readonly state: string
  /** Empty where nothing checks its health. */
  readonly health: string
  readonly exitCode: number
  /** Ports inside, and those on this machine that lead there. */
  readonly ports: readonly { readonly inside: number; readonly outside: number }[]
}

const outsideOf = ({ ports }: Container, inside: number) =>
  ports.find((port) => port.inside === inside && port.outside > 0)?.outside

/** The URL on this machine of a port inside a service. */
export const urlOf = (containers: readonly Container[], service: string, inside: number): string => {
  const found = containers.find((container) => container.service === service)
  const outside = found && outsideOf(found, inside)
  if (outside === undefined)
    throw new Error(`the service ${service} has no port on this machine for its port ${inside}`)
  return `http://127.0.0.1:${outside}`
}

/** The lines of the summary: what people open on this machine, and what is reached by the other containers only. */
export const rowsOf = (containers: readonly Container[], services: readonly string[]): readonly Row[] =>
  [...parts, ...mimirParts]
    .filter(({ service }) => services.includes(service))
    .map((part) => {
      const found = containers.find((container) => container.service === part.service)
      return { name: part.name, url: addressOf(part, found), state: found ? found.health || found.state : 'missing' }
    })

const addressOf = ({ service, port, path }: Part, container: Container | undefined) => {
  if (port === undefined) return `${service} (inside)`
  const scheme = path === undefined ? '' : 'http://'
  const outside = container && outsideOf(container, port)
  return outside === undefined ? `${scheme}${service}:${port} (inside)` : `${scheme}127.0.0.1:${outside}${path ?? ''}`
}
