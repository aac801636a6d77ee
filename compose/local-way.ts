import { join } from 'node:path'
import type { Env } from '../config/env.ts'
import { attend } from './attend.ts'
import { isDemo, root, unsetPublicUrls } from './plan.ts'
import { remoteNames } from './scrapes.ts'
import { startStack } from './stack.ts'
import { hints } from './summary.ts'

const folder = join(root, '.local/run')

interface LocalOptions {
  readonly env: Env
  readonly tellNobody: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The stack as processes of this machine, from start to end. */
export const runLocally = async ({ env, tellNobody, say, signal }: LocalOptions): Promise<void> => {
  const far = remoteNames()
  if (far.length > 0) {
    say(
      `${far.join(', ')}: stored by remote write in containers (docs/mimir.md), and by the Prometheus that is started here`,
    )
  }
  const stack = await startStack({ env, tellNobody, folder, say, signal })
  try {
    for (const { running } of stack.components) {
      void running.exited.then((exit) => {
        if (!exit.asked) console.error(`${exit.message}\nThe rest goes on.`)
      })
    }
    const { prometheus, pager } = stack.deployment
    const rows = () =>
      stack.components.flatMap(({ parts, ended }) =>
        parts.map(({ name, url }) => ({ name, url, state: ended ? 'ended' : 'up' })),
      )
    const notes = hints(stack.deployment, {
      demo: isDemo(env),
      withoutSecret: 'left out',
      unsetPublicUrls: unsetPublicUrls(env),
    })
    await attend({ prometheus: `http://${prometheus}`, pager, rows, notes, say, signal })
  } finally {
    say('Stopping ...')
    await stack.stop()
    say('Everything is stopped.')
  }
}
