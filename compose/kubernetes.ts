import type { Deployment } from './deployment.ts'
import {
  alertmanagerObject,
  grafanaObjects,
  type Made,
  ruleObjects,
  runbookObject,
} from './kubernetes/configuration.ts'
import { file, type Manifest, named } from './kubernetes/manifest.ts'
import { apiMonitor, ownMonitor, probes } from './kubernetes/monitors.ts'
import { clusterDeployment, programs } from './kubernetes/names.ts'
import { blackboxFile, exporterFile, incidentsFile } from './kubernetes/programs.ts'
import { servers } from './kubernetes/servers.ts'
import { yaml } from './yaml.ts'

/** Where everything is put. Another namespace is one line in a kustomization of one's own. */
const namespace = 'techplus-observability'

const kustomization = (resources: readonly string[]) =>
  yaml({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace,
    resources,
  })

/** Nothing of ours needs more than the strictest of Kubernetes' own standards allows. */
const home: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: named(namespace, {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  }),
}

type Files = readonly (readonly [path: string, text: string])[]

const base = (cluster: Deployment, made: Made): Files => [
  ['namespace.yaml', file([home])],
  ['exporter.yaml', file([...exporterFile(), ownMonitor(programs.exporter, cluster)])],
  ['incidents.yaml', file([...incidentsFile(cluster), ownMonitor(programs.incidents, cluster)])],
  ['blackbox.yaml', file([...blackboxFile(cluster), ownMonitor(programs.blackbox, cluster)])],
  ['api.yaml', file([...apiMonitor(cluster), ...probes(cluster)])],
  ...alertmanagerObject(cluster, made),
  ...runbookObject(made),
  ...ruleObjects(cluster, made),
  ...grafanaObjects(cluster),
]

/**
 * The stack for a cluster with prometheus-operator, by path: `base` is what every Prometheus and Alertmanager of the operator's
 * can take; `stack` adds the two, with all that only they themselves can be told.
 */
export const kubernetesFiles = (given: Pick<Deployment, 'dashboards' | 'runbooks'>, made: Made): Files => {
  const cluster = clusterDeployment(given)
  const parts = base(cluster, made)
  const added = Object.entries(servers(cluster)).map(([path, manifests]) => [path, file(manifests)] as const)
  const within = (folder: string, files: Files, more: readonly string[] = []) => [
    [`kubernetes/${folder}/kustomization.yaml`, kustomization([...more, ...files.map(([path]) => path)])] as const,
    ...files.map(([path, text]) => [`kubernetes/${folder}/${path}`, text] as const),
  ]
  return [...within('base', parts), ...within('stack', added, ['../base'])]
}
