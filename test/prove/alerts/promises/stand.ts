import { join } from 'node:path'
import { type Running, startProcess } from '../../../../compose/local/process.ts'
import { services } from '../../../../config/targets.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import type { Scraped } from '../provocation.ts'
import type { ApiSettings, Defects } from './promised-api.ts'

type Shop = ReturnType<typeof workshop>

/** An API with promises to keep, which can be started again where it was. */
export interface Api {
  readonly origin: string
  readonly scraped: Scraped
  running(): Running
  start(): Promise<unknown>
  /** What goes wrong in it from now on; the rest stays as it is. */
  become(defects: Partial<Defects>): Promise<unknown>
}

/** @returns a function that starts one by name */
export const apisIn = async (shop: Shop) => {
  const bundle = await bundleOurs(new URL('promised-api.ts', import.meta.url))
  return async (instance: string): Promise<Api> => {
    const settings: ApiSettings = { port: await freePort(), metricsPort: await freePort() }
    const origin = `http://127.0.0.1:${settings.port}`
    const start = async () =>
      shop.keep(
        await startProcess({
          name: `the API ${instance}`,
          home: join(shop.folder, instance),
          command: process.execPath,
          args: [bundle, JSON.stringify(settings)],
          env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
          ready: async () => (await fetch(`${origin}${services.api.health}`)).ok,
        }),
      )
    let running = await start()
    return {
      origin,
      scraped: { job: 'api', instance, url: `http://127.0.0.1:${settings.metricsPort}/metrics` },
      running: () => running,
      start: async () => {
        running = await start()
      },
      become: async (defects) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${origin}/defects`, { method: 'POST', headers, body: JSON.stringify(defects) })
        if (!answer.ok) throw new Error(`the API ${instance} answered ${answer.status}: ${await answer.text()}`)
      },
    }
  }
}
