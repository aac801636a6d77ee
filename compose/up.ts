import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readEnv } from '../config/env.ts'
import { heartbeat } from '../config/teams.ts'
import { missingSecrets, reachesNobody } from './alertmanager.ts'
import { followPages } from './pages.ts'
import { isDemo, root } from './plan.ts'
import { type Component, type Stack, startStack } from './stack.ts'
import { settle, type TargetState } from './watch.ts'

const folder = join(root, '.local/run')
/** Two scrape intervals and the five seconds in which Prometheus finds its targets. */
const settleWithin = 60_000

const say = (line: string) => console.log(line)

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

const summary = (components: readonly Component[], states: readonly TargetState[], faults: readonly string[]) => {
  const down = states.filter(({ health }) => health !== 'up')
  const lines = [
    '',
    table([
      ['COMPONENT', 'URL', 'STATE'],
      ...components.flatMap(({ parts, ended }) => parts.map(({ name, url }) => [name, url, ended ? 'ended' : 'up'])),
    ]),
    '',
    `Prometheus scrapes ${states.length} targets, ${states.length - down.length} of them up; ` +
      `${faults.length === 0 ? 'every rule evaluates' : `${faults.length} rules do not evaluate`}.`,
    ...down.map(({ job, instance, error }) => `  ${job}/${instance} is down: ${error || 'not scraped yet'}`),
    ...faults.map((fault) => `  ${fault}`),
  ]
  return lines.join('\n')
}

const hints = ({ deployment }: Stack, demo: boolean) => {
  const missing = missingSecrets(deployment)
  return [
    ...(missing.length > 0
      ? [`Channels without their secret are left out: put ${missing.join(', ')} into ${deployment.secretsDir}.`]
      : []),
    ...(reachesNobody(deployment) ? ['CRITICAL ALERTS REACH NOBODY until those are there.'] : []),
    ...(!demo && heartbeat.length === 0
      ? ["The dead man's switch reaches nobody: name a channel in config/teams.ts (heartbeat)."]
      : []),
    demo
      ? `Pages arrive at ${deployment.pager}/alerts. Break something: npm run fault`
      : 'The services at the given URLs are watched, and only read.',
    'Ctrl-C stops everything.',
  ]
}

/** Aborts when somebody wants the end. Asked twice, they are in a hurry: the servers end with this process. */
const asked = new AbortController()

const run = async () => {
  parseArgs({ options: { local: { type: 'boolean' } } })
  const env = readEnv()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (asked.signal.aborted ? process.exit(1) : asked.abort()))
  }
  const demo = isDemo(env)
  say(`Starting ${demo ? 'the demo and its observability stack' : 'the observability stack'} as local processes`)
  const stack = await startStack({ env, folder, say, signal: asked.signal })
  try {
    for (const { running } of stack.components) {
      void running.exited.then((exit) => {
        if (!exit.asked) console.error(`${exit.message}\nThe rest goes on.`)
      })
    }
    say('Waiting for the first scrapes ...')
    const { states, faults } = await settle(`http://${stack.deployment.prometheus}`, {
      within: settleWithin,
      signal: asked.signal,
    })
    say([summary(stack.components, states, faults), ...hints(stack, demo)].join('\n'))
    const { pager } = stack.deployment
    if (pager) await followPages(pager, say, asked.signal)
    else if (!asked.signal.aborted) await once(asked.signal, 'abort')
  } finally {
    say('Stopping ...')
    await stack.stop()
    say('Everything is stopped.')
  }
}

run().catch((fault: unknown) => {
  // Whatever fails once somebody wants the end fails because of it.
  if (asked.signal.aborted) return
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
})
