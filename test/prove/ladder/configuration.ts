import { join } from 'node:path'
import { parse } from 'yaml'
import type { Alert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { ourDelivery } from '../../../alerts/routes.ts'
import { alertmanagerConfig } from '../../../compose/alertmanager/config.ts'
import { messageTemplates } from '../../../compose/alertmanager/messages.ts'
import { sourceTemplates } from '../../../compose/alertmanager/sources.ts'
import { composeDeployment, type Deployment } from '../../../compose/deployment.ts'
import { prometheusConfig } from '../../../compose/prometheus.ts'
import { rules } from '../../../compose/rules.ts'
import { plainYaml } from '../../../compose/yaml.ts'
import { smtp } from '../../../config/teams.ts'
import type { Receivers } from '../../integration/receivers.ts'
import type { workshop } from '../../integration/servers.ts'
import { forReceivers, password, type Written } from './addresses.ts'
import { fasterGroups, fasterRoutes, groupsIn, type Pace } from './pace.ts'
import { type Programs, put } from './programs.ts'

/** The rule file that has the ladders. */
const ladderFile = 'escalation.yml'

export interface StandOptions {
  readonly shop: ReturnType<typeof workshop>
  /** Of its folder: several may stand side by side. */
  readonly name: string
  readonly programs: Programs
  readonly pace: Pace
  /** What is judged, besides how long each has waited. */
  readonly alerts: readonly Alert[]
  /** Scrape configurations; the recorder is scraped as well. */
  readonly scraped: readonly object[]
  readonly receivers: Receivers
  /** The URL of a PostgreSQL that keeps incidents; else a folder does. */
  readonly ledger?: string
}

interface Configured extends StandOptions {
  readonly home: string
  readonly ports: Readonly<Record<'prometheus' | 'alertmanager' | 'recorder', number>>
  readonly interval: number
}

const deploymentOf = ({ home, ports }: Configured): Deployment => {
  const { pager: _, ...deployment } = composeDeployment
  return {
    ...deployment,
    prometheus: `127.0.0.1:${ports.prometheus}`,
    alertmanager: `127.0.0.1:${ports.alertmanager}`,
    incidents: `127.0.0.1:${ports.recorder}`,
    secretsDir: join(home, 'secrets'),
  }
}

/** The rules of these alerts and those that record what has fired, as they are generated, where times pass faster. */
const rulesOf = ({ pace, alerts }: Configured, deployment: Deployment) =>
  [...rules(deployment)].flatMap(([file, text]) => {
    if (file === ladderFile) return fasterGroups(pace, groupsIn(text), { numbersAreSeconds: true })
    const wanted = new Set(alerts.map(({ alert }) => alert))
    const groups = groupsIn(text)
      .map((group) => ({ ...group, rules: group.rules.filter(({ alert = '' }) => wanted.has(alert)) }))
      .filter((group) => group.rules.length > 0)
    return fasterGroups(pace, groups)
  })

const jobNamed = (deployment: Deployment, name: string): object => {
  const { scrape_configs: jobs }: { readonly scrape_configs: readonly { readonly job_name: string }[] } = parse(
    prometheusConfig(deployment, []),
  )
  const found = jobs.find((one) => one.job_name === name)
  if (!found) throw new Error(`prometheus.yml has no job ${name}`)
  return found
}

/** Writes what the programs of a stand read, and says where it is. */
export const writeConfiguration = (configured: Configured) => {
  const { home, pace, interval, scraped, receivers } = configured
  const deployment = deploymentOf(configured)
  const every = `${interval}ms`
  put(deployment.secretsDir, smtp.secret, password)
  for (const name of ['pagerduty_routing_key', 'pagerduty_escalation_key', 'slack_webhook_url'])
    put(deployment.secretsDir, name, 'a-secret')
  const written: Written = parse(fasterRoutes(pace, alertmanagerConfig(deployment)))
  const led = forReceivers(written, receivers, {
    secrets: deployment.secretsDir,
    kept: [`http://${deployment.incidents}`],
  })
  const templates = join(home, 'templates')
  put(templates, 'techplus.tmpl', messageTemplates(ourDelivery))
  put(templates, 'sources.tmpl', sourceTemplates(ruleFiles(), deployment))
  put(home, 'rules.yml', plainYaml({ groups: rulesOf(configured, deployment) }))
  return {
    alertmanager: put(home, 'alertmanager.yml', plainYaml(led)),
    prometheus: put(
      home,
      'prometheus.yml',
      plainYaml({
        global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
        rule_files: ['rules.yml'],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [deployment.alertmanager] }] }] },
        scrape_configs: [...scraped, jobNamed(deployment, 'incidents')],
      }),
    ),
  }
}
