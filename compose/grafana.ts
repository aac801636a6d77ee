import { remoteWrite, scrapeInterval, type Watched, watched } from '../config/targets.ts'
import { dashboards } from '../dashboards/index.ts'
import type { Deployment } from './deployment.ts'
import { withRunbook } from './links.ts'
import { tenantHeader } from './mimir/remote-write.ts'
import { isRemote } from './scrapes.ts'
import { yaml } from './yaml.ts'

/** Where Grafana shows them. */
export const grafanaFolder = 'TechPlus'

/** One that is asked in PromQL, and how. */
const asked = (url: string, isDefault: boolean, alertmanagerUid: string, more: object) => ({
  type: 'prometheus',
  access: 'proxy',
  url,
  isDefault,
  editable: false,
  jsonData: {
    httpMethod: 'POST',
    // The interval of the scrapes, from which $__rate_interval is computed.
    timeInterval: scrapeInterval,
    ...more,
    alertmanagerUid,
  },
})

/** What Grafana calls a data source: there may be one of each name, and one of each uid. */
const called = (name: string, { sourcesOf }: Deployment) => {
  const whole = sourcesOf === undefined ? name : `${sourcesOf} ${name}`
  return { name: whole, uid: whole.toLowerCase().replaceAll(' ', '-') }
}

/** Where everything is that dashboards read, as soon as anything is stored by remote write. */
const ofMimir = (deployment: Deployment) =>
  deployment.mimir
    ? [
        {
          ...called('Mimir', deployment),
          ...asked(`http://${deployment.mimir.gateway}/prometheus`, true, called('Alertmanager', deployment).uid, {
            prometheusType: 'Mimir',
            httpHeaderName1: tenantHeader,
          }),
          secureJsonData: { httpHeaderValue1: remoteWrite.tenant },
        },
      ]
    : []

/** provisioning/datasources: where Grafana asks. What is no longer listed is removed; nothing can be changed by hand. */
export const dataSources = (deployment: Deployment, what: Watched = watched): string => {
  const { prometheus, alertmanager, sourcesOf } = deployment
  const asks = called('Alertmanager', deployment)
  const far = isRemote(deployment, what)
  return yaml({
    apiVersion: 1,
    prune: true,
    datasources: [
      ...(far ? ofMimir(deployment) : []),
      {
        ...called('Prometheus', deployment),
        ...asked(`http://${prometheus}`, !far && sourcesOf === undefined, asks.uid, { prometheusType: 'Prometheus' }),
      },
      {
        ...asks,
        type: 'alertmanager',
        access: 'proxy',
        url: `http://${alertmanager}`,
        editable: false,
        jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
      },
    ],
  })
}

/** provisioning/dashboards: from which folder Grafana reads them. One that is gone from it goes from Grafana. */
const providers = ({ dashboardsDir }: Deployment): string =>
  yaml({
    apiVersion: 1,
    providers: [
      {
        name: grafanaFolder,
        folder: grafanaFolder,
        folderUid: grafanaFolder.toLowerCase(),
        type: 'file',
        disableDeletion: false,
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path: dashboardsDir },
      },
    ],
  })

/** What Grafana is provisioned with, by path. */
export const grafanaFiles = (
  deployment: Deployment,
  what: Watched = watched,
): readonly (readonly [path: string, text: string])[] => [
  ['grafana/provisioning/datasources/techplus.yml', dataSources(deployment, what)],
  ['grafana/provisioning/dashboards/techplus.yml', providers(deployment)],
  ...withRunbook(dashboards, deployment).map(
    (one) => [`grafana/dashboards/${one.uid}.json`, `${JSON.stringify(one, null, 2)}\n`] as const,
  ),
]
