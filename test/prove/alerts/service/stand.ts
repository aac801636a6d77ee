import { join } from 'node:path'
import { type Running, startProcess } from '../../../../compose/local/process.ts'
import type { Duration } from '../../../../metrics/promql.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { freePort, portOf, type workshop } from '../../../integration/servers.ts'
import type { Scraped } from '../provocation.ts'
import type { Setup } from './setup.ts'

/** A service of ours in a process of its own, and where it is scraped. */
export interface Started extends Running {
  /** Where its guests ask. */
  readonly origin: string
  readonly scraped: Scraped
}

interface Given extends Partial<Setup> {
  /** Of Node itself. */
  readonly flags?: readonly string[]
  /** A program that limits what it may take. */
  readonly wrap?: readonly string[]
  /** Between scrapes, where one may take longer than a second. */
  readonly every?: Duration
  /** As it was before, so that it is the same target when it is started again. */
  readonly again?: Started
}

/** Starts services that are instrumented by us, as production has them. */
export const services = async (shop: ReturnType<typeof workshop>) => {
  const program = await bundleOurs(new URL('program.ts', import.meta.url))
  return async (instance: string, { flags = [], wrap, every, again, ...given }: Given = {}): Promise<Started> => {
    const port = again ? portOf(again.origin) : await freePort()
    const metrics = again ? portOf(again.scraped.url) : await freePort()
    const setup: Setup = { framework: 'fastify', ...given, port }
    const answers = async (at: number, path: string) => (await fetch(`http://127.0.0.1:${at}${path}`)).ok
    const running = await startProcess({
      name: instance,
      home: join(shop.folder, instance),
      command: process.execPath,
      args: [...flags, program, JSON.stringify(setup)],
      ...(wrap && { wrap }),
      env: {
        NODE_ENV: 'production',
        NODE_OPTIONS: '',
        METRICS_PORT: String(metrics),
        LOG_DIR: join(shop.folder, `${instance}-logs`),
      },
      ready: async () => (await answers(metrics, '/health')) && (await answers(port, '/tables')),
    })
    const url = `http://127.0.0.1:${metrics}/metrics`
    return {
      ...shop.keep(running),
      origin: `http://127.0.0.1:${port}`,
      scraped: { job: 'api', instance, url, ...(every && { every }) },
    }
  }
}
