import { scrapeInterval } from '../config/targets.ts'
import { dashboards } from '../dashboards/index.ts'
import type { Deployment } from './deployment.ts'
import { withRunbook } from './links.ts'
import { yaml } from './yaml.ts'

const folder = 'TechPlus'

/** provisioning/datasources: where Grafana asks. What is no longer listed is removed; nothing can be changed by hand. */
const dataSources = ({ prometheus, alertmanager }: Deployment): string =>
  yaml({
    apiVersion: 1,
    prune: true,
    datasources: [
      {
        name: 'Prometheus',
        uid: 'prometheus',
        type: 'prometheus',
        access: 'proxy',
        url: `http://${prometheus}`,
        isDefault: true,
        editable: false,
        // The interval of the scrapes, from which $__rate_interval is computed.
        jsonData: {
          httpMethod: 'POST',
          timeInterval: scrapeInterval,
          prometheusType: 'Prometheus',
          alertmanagerUid: 'alertmanager',
        },
      },
      {
        name: 'Alertmanager',
        uid: 'alertmanager',
        type: 'alertmanager',
        access: 'proxy',
        url: `http://${alertmanager}`,
        editable: false,
        jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
      },
    ],
  })

/** provisioning/dashboards: from which folder Grafana reads them. One that is gone from it goes from Grafana. */
const providers = ({ dashboardsDir }: Deployment): string =>
  yaml({
    apiVersion: 1,
    providers: [
      {
        name: folder,
        folder,
        folderUid: folder.toLowerCase(),
        type: 'file',
        disableDeletion: false,
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path: dashboardsDir },
      },
    ],
  })

/** What Grafana is provisioned with, by path. */
export const grafanaFiles = (deployment: Deployment): readonly (readonly [path: string, text: string])[] => [
  ['grafana/provisioning/datasources/techplus.yml', dataSources(deployment)],
  ['grafana/provisioning/dashboards/techplus.yml', providers(deployment)],
  ...withRunbook(dashboards, deployment).map(
    (one) => [`grafana/dashboards/${one.uid}.json`, `${JSON.stringify(one, null, 2)}\n`] as const,
  ),
]
