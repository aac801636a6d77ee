import { remoteWrite } from '../../config/targets.ts'
import type { Deployment } from '../deployment.ts'
import { allowList } from './allow-list.ts'

/** Says to Mimir whose series, rules or questions these are. */
export const tenantHeader = 'X-Scope-OrgID'

/** The part of a Prometheus' configuration, agent or not, that writes to Mimir. */
export const remoteWrites = ({ mimir }: Pick<Deployment, 'mimir'>, names: readonly string[] = allowList()) =>
  mimir
    ? [
        {
          name: 'mimir',
          url: `http://${mimir.gateway}/api/v1/push`,
          headers: { [tenantHeader]: remoteWrite.tenant },
          send_exemplars: true,
          // Too fast for the tenant is no reason to throw away, as Prometheus does unless it is told.
          queue_config: { retry_on_http_429: true },
          write_relabel_configs: [{ source_labels: ['__name__'], regex: names.join('|'), action: 'keep' }],
        },
      ]
    : []
