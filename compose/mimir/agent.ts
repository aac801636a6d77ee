import { remoteWrite, type Watched, watched } from '../../config/targets.ts'
import type { Deployment } from '../deployment.ts'
import { pace } from '../prometheus.ts'
import { agentScrapes } from '../scrapes.ts'
import { yaml } from '../yaml.ts'
import { allowList } from './allow-list.ts'
import { remoteWrites } from './remote-write.ts'

/**
 * agent.yml, for each agent of the pair: the environment of each says which it is. Mimir takes the samples of one of them at a
 * time, by these two labels, and keeps neither. Agents evaluate nothing and tell nobody, so that no alert has the labels.
 */
export const agentConfig = (
  deployment: Deployment,
  what: Watched = watched,
  names: readonly string[] = allowList(),
): string => {
  const { scrape_interval, scrape_timeout } = pace
  return yaml({
    global: {
      scrape_interval,
      scrape_timeout,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Prometheus fills it in
      external_labels: { cluster: remoteWrite.cluster, __replica__: '${REPLICA}' },
    },
    remote_write: remoteWrites(deployment, names),
    scrape_configs: agentScrapes(deployment, what),
  })
}
