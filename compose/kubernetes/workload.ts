import { digest } from '../digests.ts'
import { type ConfigMap, type Manifest, named, nameLabel } from './manifest.ts'
import { type Program, portName, ports } from './names.ts'

/** What a volume is mounted from. */
export interface Mount {
  readonly name: string
  readonly path: string
  readonly from: Readonly<Record<string, unknown>>
  readonly writable?: true
  /** What it holds, where that is generated with it: with other words in it, the pod begins anew. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Workload {
  readonly name: Program
  readonly image: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: number
  readonly health: string
  readonly mounts: readonly Mount[]
  readonly memory: { readonly request: string; readonly limit: string }
}

/** Files of a Secret: for the pod's group, and nobody else. */
export const secretMount = (
  name: string,
  secretName: string,
  path: string,
  more: { readonly optional?: true } = {},
): Mount => ({
  name,
  path,
  from: { secret: { secretName, defaultMode: 0o440, ...more } },
})

/** Files of a ConfigMap of ours. */
export const configMount = (name: string, { metadata, data }: ConfigMap, path: string): Mount => ({
  name,
  path,
  from: { configMap: { name: metadata.name } },
  files: data,
})

const locked = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const

const probe = (path: string, seconds: number) => ({
  httpGet: { path, port: portName },
  periodSeconds: seconds,
  timeoutSeconds: 5,
})

const container = ({ name, image, args, env, health, mounts, memory }: Workload) => ({
  name,
  image,
  imagePullPolicy: 'IfNotPresent',
  args,
  ...(Object.keys(env).length > 0 && {
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
  }),
  ports: [{ name: portName, containerPort: ports[name] }],
  // It says that it runs, and not that what it reads does: to start it again would mend no database.
  startupProbe: { ...probe(health, 2), failureThreshold: 30 },
  readinessProbe: probe(health, 5),
  livenessProbe: { ...probe(health, 15), failureThreshold: 4 },
  // No limit of processor time: what waits for its share is scraped late, and a late scrape is a gap.
  resources: { requests: { cpu: '50m', memory: memory.request }, limits: { memory: memory.limit } },
  securityContext: locked,
  volumeMounts: mounts.map((one) => ({
    name: one.name,
    mountPath: one.path,
    ...(!one.writable && { readOnly: true }),
  })),
})

/**
 * The files of a ConfigMap change below a program that runs and reads them no more. What is said of a pod changes the pod, and
 * so the digest of what it has from there makes another one.
 */
const configured = (mounts: readonly Mount[]) => {
  const files = mounts.flatMap((mount) => Object.entries(mount.files ?? {}))
  return files.length === 0 ? undefined : { 'checksum/config': digest(files) }
}

const podOf = ({ name, mounts }: Workload) => {
  const annotations = configured(mounts)
  return { labels: named(name, nameLabel(name)).labels, ...(annotations && { annotations }) }
}

/**
 * One pod, never two: a second one would read the same servers again, and write the same series, or lock itself out of the
 * first one's folder. So the old one ends before the new one starts.
 */
export const deployment = (workload: Workload): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: named(workload.name, nameLabel(workload.name)),
  spec: {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: nameLabel(workload.name) },
    template: {
      metadata: podOf(workload),
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: workload.user,
          runAsGroup: workload.user,
          fsGroup: workload.user,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [container(workload)],
        volumes: workload.mounts.map(({ name, from }) => ({ name, ...from })),
      },
    },
  },
})

export const service = (name: Program): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: named(name, nameLabel(name)),
  spec: {
    selector: nameLabel(name),
    ports: [{ name: portName, port: ports[name], targetPort: portName }],
  },
})

/** A node may be emptied at any time: the pod starts on another one, and nobody waits for a second that never comes. */
export const disruptionBudget = (name: Program): Manifest => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: named(name, nameLabel(name)),
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: nameLabel(name) },
  },
})

/** The pods that may ask, by their name. */
export type Asker = 'prometheus' | 'alertmanager'

interface Reach {
  /** Of this namespace. */
  readonly askedBy: readonly Asker[]
  /** Ports that it asks itself, anywhere. */
  readonly asks: readonly number[]
}

const tcp = (port: number) => ({ protocol: 'TCP', port })

/** Who reaches it, and what it reaches: names, and the ports of what it watches. */
export const networkPolicy = (name: Program, { askedBy, asks }: Reach): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: named(name, nameLabel(name)),
  spec: {
    podSelector: { matchLabels: nameLabel(name) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: askedBy.map((asker) => ({ podSelector: { matchLabels: nameLabel(asker) } })),
        ports: [{ protocol: 'TCP', port: portName }],
      },
    ],
    egress: [{ ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] }, { ports: [...new Set(asks)].map(tcp) }],
  },
})
