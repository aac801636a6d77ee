import { scrapeInterval } from '../../config/targets.ts'
import { plainRules } from '../rules.ts'
import { yaml } from '../yaml.ts'

/** Set apart from those of others that have the same tenant: `mimirtool rules sync` is told to look at these only. */
const namespaceOf = (subject: string): string => `techplus-${subject}`

/**
 * Rule files as `mimirtool rules` takes them, by the name of the file. Every group says how often: what Prometheus takes for
 * granted from its own configuration, a ruler does not.
 */
export const namespaces = (...given: Parameters<typeof plainRules>): ReadonlyMap<string, string> =>
  new Map(
    [...plainRules(...given)].map(([subject, { groups }]) => [
      `${subject}.yml`,
      yaml({
        namespace: namespaceOf(subject),
        groups: groups.map(({ name, interval = scrapeInterval, rules }) => ({ name, interval, rules })),
      }),
    ]),
  )
