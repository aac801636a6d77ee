import type { Deployment } from '../deployment.ts'
import { images, versionOf } from '../images.ts'
import { outageTolerance, retention, retentionSize } from '../plan.ts'
import { pace } from '../prometheus.ts'
import { type Manifest, named, partOf } from './manifest.ts'
import { serviceMonitor } from './monitors.ts'
import { alertmanagerConfigName, runbookName, secrets } from './names.ts'

const account = 'techplus-prometheus'
const ours = { matchLabels: partOf }

const locked = (user: number) => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: 'RuntimeDefault' },
})

/**
 * A quarter more than Prometheus may keep, for its write-ahead log and the blocks that it is just putting together. Its letters
 * stand for powers of two: what it calls GB is Gi here.
 */
export const claimFor = (size: string): string => {
  const [, amount, unit] = /^(\d+)([MGT])B$/.exec(size) ?? []
  if (amount === undefined) throw new Error(`retentionSize of compose/plan.ts is ${size}, and not as 16GB is`)
  return `${Math.ceil(Number(amount) * 1.25)}${unit}i`
}

const storage = (size: string) => ({
  volumeClaimTemplate: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
  },
})

const argument = (name: string, value: string) => ({ name, value })

/** As docker-compose.yml starts it. One, and no pair: docs/scale.md says when and how there are two. */
const prometheus = ({ runbooks }: Deployment): Manifest => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'Prometheus',
  metadata: named('techplus'),
  spec: {
    replicas: 1,
    version: `v${versionOf('prometheus')}`,
    image: images.prometheus,
    serviceAccountName: account,
    scrapeInterval: pace.scrape_interval,
    scrapeTimeout: pace.scrape_timeout,
    evaluationInterval: pace.evaluation_interval,
    retention,
    retentionSize,
    rules: { alert: { forGracePeriod: '1s', forOutageTolerance: outageTolerance } },
    enableFeatures: ['exemplar-storage'],
    externalUrl: runbooks,
    routePrefix: '/',
    // Alerts reach Alertmanager with the labels that they have here: silences and the record of incidents are told by them.
    prometheusExternalLabelName: '',
    replicaExternalLabelName: '',
    ruleSelector: ours,
    serviceMonitorSelector: ours,
    probeSelector: ours,
    alerting: { alertmanagers: [{ name: 'alertmanager-operated', port: 'web' }] },
    additionalArgs: [argument('web.console.templates', '/etc/prometheus/consoles')],
    volumes: [{ name: 'runbook', configMap: { name: runbookName } }],
    volumeMounts: [{ name: 'runbook', mountPath: '/etc/prometheus/consoles', readOnly: true }],
    storage: storage(claimFor(retentionSize)),
    resources: { requests: { cpu: '250m', memory: '1Gi' }, limits: { memory: '2Gi' } },
    securityContext: locked(65534),
  },
})

/** As docker-compose.yml starts it. */
const alertmanager = (): Manifest => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'Alertmanager',
  metadata: named('techplus'),
  spec: {
    replicas: 1,
    version: `v${versionOf('alertmanager')}`,
    image: images.alertmanager,
    configSecret: alertmanagerConfigName,
    secrets: [secrets.channels, secrets.token],
    routePrefix: '/',
    additionalArgs: [argument('data.maintenance-interval', '5s')],
    storage: storage('1Gi'),
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    automountServiceAccountToken: false,
    securityContext: locked(65534),
  },
})

const reads = (apiGroup: string, ...resources: readonly string[]) => ({
  apiGroups: [apiGroup],
  resources,
  verbs: ['get', 'list', 'watch'],
})

/** What Prometheus needs to find targets in its own namespace, and no more. */
const rights = (): readonly Manifest[] => {
  const rbac = 'rbac.authorization.k8s.io'
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named(account) },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: named(account),
      rules: [reads('', 'services', 'endpoints', 'pods'), reads('discovery.k8s.io', 'endpointslices')],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: named(account),
      roleRef: { apiGroup: rbac, kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account }],
    },
  ]
}

/** Services that the operator makes carry a label of their kind. */
const itself = (kind: 'prometheus' | 'alertmanager', cluster: Deployment) =>
  serviceMonitor(`techplus-${kind}`, cluster, {
    address: cluster[kind],
    labels: { [`operated-${kind}`]: 'true' },
    port: 'web',
  })

/** The servers for whoever has none: what only Prometheus and Alertmanager themselves can be told. */
export const servers = (cluster: Deployment): Readonly<Record<string, readonly Manifest[]>> => ({
  'prometheus.yaml': [...rights(), prometheus(cluster), itself('prometheus', cluster)],
  'alertmanager.yaml': [alertmanager(), itself('alertmanager', cluster)],
})
