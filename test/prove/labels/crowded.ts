import { join } from 'node:path'
import { startProcess } from '../../../compose/local/process.ts'
import { bundleOurs } from '../../bench/contestants.ts'
import { freePort, type workshop } from '../../integration/servers.ts'
import type { Scraped } from '../alerts/provocation.ts'

/** A service of several processes, with more series than it may have: the demo is none. */
export const crowdedService = async (shop: ReturnType<typeof workshop>): Promise<Scraped> => {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${metricsPort}/metrics`
  shop.keep(
    await startProcess({
      name: 'the service of workers',
      home: join(shop.folder, 'workers'),
      command: process.execPath,
      args: [await bundleOurs(new URL('workers.ts', import.meta.url)), String(port), String(metricsPort)],
      env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
      ready: async () => (await fetch(`http://127.0.0.1:${port}/`)).ok && (await fetch(url)).ok,
    }),
  )
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) await fetch(`http://127.0.0.1:${port}/`, { method })
  return { job: 'api', instance: 'workers', url }
}
