import type { RuleGroup } from '../../alerts/alert.ts'
import type { Subject } from '../../alerts/index.ts'
import { ourDelivery } from '../../alerts/routes.ts'
import { dashboards } from '../../dashboards/index.ts'
import { namesOf } from '../../metrics/names.ts'
import { alertmanagerConfig } from '../alertmanager/config.ts'
import { sourceTemplates } from '../alertmanager/sources.ts'
import type { Deployment } from '../deployment.ts'
import { dataSources, grafanaFolder } from '../grafana.ts'
import { linksOf, withRunbook } from '../links.ts'
import { ruleFile } from '../rule-file.ts'
import { dataMap, file, type Manifest, named } from './manifest.ts'
import { alertmanagerConfigName, runbookName } from './names.ts'

type Files = readonly (readonly [path: string, text: string])[]

const namedFile = (path: string, ...manifests: readonly Manifest[]) => [path, file(manifests)] as const

/** What is the same wherever it is deployed, and dear to make twice. */
export interface Made {
  readonly groups: Readonly<Record<Subject, readonly RuleGroup[]>>
  /** Of Alertmanager's messages. */
  readonly words: string
  /** The runbook, as Prometheus serves it. */
  readonly runbook: string
}

/** The rules, as rule files have them: one object for each. */
export const ruleObjects = (cluster: Deployment, { groups }: Made): Files =>
  namesOf(groups).map((subject) =>
    namedFile(`rules/${subject}.yaml`, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: named(`techplus-${subject}`),
      spec: ruleFile(groups[subject], linksOf(subject, cluster)),
    }),
  )

/** Where the operator's Alertmanager sees what stands in its Secret besides the configuration. */
const templates = '/etc/alertmanager/config/*.tmpl'

/** Channels, routes and words. It names the files of secrets, and holds none. */
export const alertmanagerObject = (cluster: Deployment, { groups, words }: Made): Files => [
  namedFile('alertmanager.yaml', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: named(alertmanagerConfigName),
    type: 'Opaque',
    stringData: {
      'alertmanager.yaml': alertmanagerConfig(cluster, ourDelivery, templates),
      'techplus.tmpl': words,
      'sources.tmpl': sourceTemplates(groups, cluster),
    },
  }),
]

/** Grafana's sidecar takes what has these labels, and the folder from the annotation where it is told to. */
const forGrafana = (what: 'dashboard' | 'datasource') => ({ [`grafana_${what}`]: '1' })

/** Dashboards and data sources, for the sidecar of Grafana. On one line each: nobody reads them here. */
export const grafanaObjects = (cluster: Deployment): Files => [
  namedFile(
    'grafana-datasources.yaml',
    dataMap('techplus-datasources', { 'techplus.yaml': dataSources(cluster) }, { labels: forGrafana('datasource') }),
  ),
  ...withRunbook(dashboards, cluster).map((one) =>
    namedFile(
      `dashboards/${one.uid}.yaml`,
      dataMap(
        `${one.uid}`,
        { [`${one.uid}.json`]: `${JSON.stringify(one)}\n` },
        { labels: forGrafana('dashboard'), annotations: { grafana_folder: grafanaFolder } },
      ),
    ),
  ),
]

/** The runbook, which Prometheus itself serves: every alert leads there. */
export const runbookObject = ({ runbook }: Made): Files => [
  namedFile('runbook.yaml', dataMap(runbookName, { 'runbook.html': runbook })),
]
