import { ruleFiles as everyRuleFile } from '../alerts/index.ts'
import { ourDelivery } from '../alerts/routes.ts'
import { watched as everything, type Watched } from '../config/targets.ts'
import { alertmanagerConfig } from './alertmanager/config.ts'
import { messageTemplates } from './alertmanager/messages.ts'
import { sourceTemplates } from './alertmanager/sources.ts'
import { composeDeployment, type Deployment } from './deployment.ts'
import { digestFiles } from './digests.ts'
import { grafanaFiles } from './grafana.ts'
import { runbookPage } from './handbook.ts'
import { kubernetesFiles } from './kubernetes.ts'
import { runbookPath } from './links.ts'
import { metricsPage } from './metrics-page.ts'
import { mimirFiles } from './mimir.ts'
import { blackboxConfig, prometheusConfig } from './prometheus.ts'
import { rules } from './rules.ts'
import { consoleOf } from './runbook-console.ts'
import { supportPage } from './support-page.ts'

/**
 * Everything that is generated, by its path below the output folder. Pure: it reads and writes nothing. Promises that
 * cannot be watched fail the import of this module, with a line for each.
 */
export const artefacts = (
  deployment: Deployment = composeDeployment,
  what: Watched = everything,
): ReadonlyMap<string, string> => {
  const watched = everyRuleFile()
  const ruleFiles = rules(deployment, watched)
  const runbook = runbookPage()
  const consolePage = consoleOf(runbook)
  const words = messageTemplates(ourDelivery)
  const templates = new Map([
    ['techplus.tmpl', words],
    ['sources.tmpl', sourceTemplates(watched, deployment)],
  ])
  const files: ReadonlyMap<string, string> = new Map([
    ['prometheus/prometheus.yml', prometheusConfig(deployment, [...ruleFiles.keys()], what)],
    ...[...ruleFiles].map(([name, text]) => [`prometheus/rules/${name}`, text] as const),
    [`prometheus/${runbookPath}`, consolePage],
    ['alertmanager/alertmanager.yml', alertmanagerConfig(deployment)],
    ...[...templates].map(([name, text]) => [`alertmanager/templates/${name}`, text] as const),
    ['blackbox/blackbox.yml', blackboxConfig()],
    ...grafanaFiles(deployment, what),
    ...kubernetesFiles(deployment, { groups: watched, words, runbook: consolePage }),
    ...mimirFiles(deployment, { groups: watched, templates }, what),
    ['metrics.md', metricsPage()],
    ['runbook.md', runbook],
  ])
  return new Map([...files, ...digestFiles(files)])
}

/** What is generated for readers, by its path in the repository: it lies among pages that somebody writes. */
export const pages = (): ReadonlyMap<string, string> => new Map([['docs/support.md', supportPage()]])
