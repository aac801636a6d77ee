import { alertmanagerConfig } from './alertmanager.ts'
import { composeDeployment, type Deployment } from './deployment.ts'
import { grafanaFiles } from './grafana.ts'
import { runbookPage } from './handbook.ts'
import { runbookPath } from './links.ts'
import { metricsPage } from './metrics-page.ts'
import { blackboxConfig, prometheusConfig } from './prometheus.ts'
import { rules } from './rules.ts'
import { consoleOf } from './runbook-console.ts'

/**
 * Everything that is generated, by its path below the output folder. Pure: it reads and writes nothing. Promises that
 * cannot be watched fail the import of this module, with a line for each.
 */
export const artefacts = (deployment: Deployment = composeDeployment): ReadonlyMap<string, string> => {
  const ruleFiles = rules(deployment)
  const runbook = runbookPage()
  return new Map([
    ['prometheus/prometheus.yml', prometheusConfig(deployment, [...ruleFiles.keys()])],
    ...[...ruleFiles].map(([name, text]) => [`prometheus/rules/${name}`, text] as const),
    [`prometheus/${runbookPath}`, consoleOf(runbook)],
    ['alertmanager/alertmanager.yml', alertmanagerConfig(deployment)],
    ['blackbox/blackbox.yml', blackboxConfig()],
    ...grafanaFiles(deployment),
    ['metrics.md', metricsPage()],
    ['runbook.md', runbook],
  ])
}
