import { scrapeInterval, type Watched, watched } from '../config/targets.ts'
import type { Deployment } from './deployment.ts'
import { remoteWrites } from './mimir/remote-write.ts'
import { isRemote, prometheusScrapes } from './scrapes.ts'
import { yaml } from './yaml.ts'

/** How often is scraped and evaluated, whoever does it. */
export const pace = { scrape_interval: scrapeInterval, scrape_timeout: '10s', evaluation_interval: scrapeInterval }

/** Where a rule is evaluated, all that it reads must be. */
const rulesOrTheirData = (deployment: Deployment, ruleFiles: readonly string[], what: Watched) =>
  isRemote(deployment, what)
    ? { remote_write: remoteWrites(deployment) }
    : { rule_files: ruleFiles.map((name) => `rules/${name}`) }

/** prometheus.yml. Rule files stand beside it. Only what every version from 2.42 on knows. */
export const prometheusConfig = (
  deployment: Deployment,
  ruleFiles: readonly string[],
  what: Watched = watched,
): string =>
  yaml({
    global: pace,
    ...rulesOrTheirData(deployment, ruleFiles, what),
    alerting: { alertmanagers: [{ static_configs: [{ targets: [deployment.alertmanager] }] }] },
    scrape_configs: prometheusScrapes(deployment, what),
  })

/** The blackbox exporter's modules. */
export const blackboxConfig = (): string =>
  yaml({ modules: { http_2xx: { prober: 'http', timeout: '5s', http: { preferred_ip_protocol: 'ip4' } } } })
