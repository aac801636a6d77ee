import { heartbeat } from '../config/teams.ts'
import { missingSecrets, reachesNobody } from './alertmanager/config.ts'
import type { Deployment } from './deployment.ts'
import type { TargetState } from './watch.ts'

/** One line of what runs where. */
export interface Row {
  readonly name: string
  readonly url: string
  readonly state: string
}

const table = (rows: readonly (readonly string[])[]) => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** What runs where, and whether it is watched. */
export const summary = (rows: readonly Row[], states: readonly TargetState[], faults: readonly string[]): string => {
  const down = states.filter(({ health }) => health !== 'up')
  const lines = [
    '',
    table([['COMPONENT', 'URL', 'STATE'], ...rows.map(({ name, url, state }) => [name, url, state])]),
    '',
    `Prometheus scrapes ${states.length} targets, ${states.length - down.length} of them up; ` +
      `${faults.length === 0 ? 'every rule evaluates' : `${faults.length} rules do not evaluate`}.`,
    ...down.map(({ job, instance, error }) => `  ${job}/${instance} is down: ${error || 'not scraped yet'}`),
    ...faults.map((fault) => `  ${fault}`),
  ]
  return lines.join('\n')
}

/** A list as a sentence has it. */
const words = new Intl.ListFormat('en-GB')

interface Circumstances {
  readonly demo: boolean
  /** What becomes of a channel whose secret is not there. */
  readonly withoutSecret: 'left out' | 'tells nobody'
  /** The variables without which links lead to this machine. */
  readonly unsetPublicUrls: readonly string[]
}

/** What whoever reads the table should know besides. */
export const hints = (
  deployment: Deployment,
  { demo, withoutSecret, unsetPublicUrls }: Circumstances,
): readonly string[] => {
  const missing = missingSecrets(deployment)
  const fate =
    withoutSecret === 'left out'
      ? 'Channels without their secret are left out'
      : 'A channel without its secret tells nobody'
  return [
    ...(missing.length > 0 && !deployment.tellsNobody
      ? [`${fate}: put ${missing.join(', ')} into ${deployment.secretsDir}.`]
      : []),
    ...(deployment.tellsNobody ? ['NOBODY IS TOLD OF ALERTS, because --tell-nobody was given.'] : []),
    ...(!deployment.tellsNobody && reachesNobody(deployment)
      ? ['CRITICAL ALERTS REACH NOBODY until those are there.']
      : []),
    ...(!demo && heartbeat.length === 0
      ? ["The dead man's switch reaches nobody: name a channel in config/teams.ts (heartbeat)."]
      : []),
    ...(!demo && !deployment.tellsNobody && unsetPublicUrls.length > 0
      ? [`Links in messages lead to 127.0.0.1: set ${words.format(unsetPublicUrls)}.`]
      : []),
    demo
      ? `Pages arrive at ${deployment.pager}/alerts. Break something: npm run fault`
      : 'The services at the given URLs are watched, and only read.',
    'To answer a page, silence its alert in Alertmanager: nobody is reminded of it then, and nobody called.',
    'Ctrl-C stops everything.',
  ]
}
