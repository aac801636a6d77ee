import { isForGiven } from './generated-for.ts'

interface Read {
  /** The text of prometheus.yml. */
  readonly prometheus: string
  /** That of the agents in front of Mimir; left out where there is no Mimir. */
  readonly agent?: string | undefined
}

/**
 * Before anything starts: what config/targets.ts stores by remote write has a Mimir, which alone evaluates the rules then; a
 * Mimir has something to store; and what both read was generated for the same services.
 * @throws Error with what to do
 */
export const assertStored = ({ prometheus, agent }: Read): void => {
  if (agent === undefined && /^remote_write:/m.test(prometheus)) {
    throw new Error(
      'config/targets.ts stores something by remote write, and nobody would evaluate the rules: add docker-compose.mimir.yml to ' +
        'COMPOSE_FILE (docs/mimir.md), or take storage away there and type npm run generate',
    )
  }
  if (agent !== undefined && /^scrape_configs: \[\]$/m.test(agent)) {
    throw new Error(
      'nothing is stored by remote write: give something in config/targets.ts the storage remote-write and type npm run generate, ' +
        'or start without docker-compose.mimir.yml',
    )
  }
  if (agent !== undefined && isForGiven(agent) !== isForGiven(prometheus)) {
    const [agents, others] = isForGiven(agent) ? ['what is given', 'the demo'] : ['the demo', 'what is given']
    throw new Error(
      `the agents would scrape ${agents}, and Prometheus ${others}: for real services COMPOSE_FILE names docker-compose.yml, ` +
        'docker-compose.targets.yml, docker-compose.mimir.yml and docker-compose.mimir-targets.yml, in this order (docs/mimir.md)',
    )
  }
}
