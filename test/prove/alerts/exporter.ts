import { join } from 'node:path'
import type { Watched } from '../faults/exporter.ts'
import { startExporter } from '../faults/stand.ts'
import type { Scraped } from './provocation.ts'

/** Our exporter as it runs in production, reading these servers by name, and the endpoints it serves for Prometheus. */
export const exporting = async (folder: string, servers: Readonly<Record<string, Watched>>) => {
  const named = Object.entries(servers).map(([instance, watched]) => [`${watched.kind}/${instance}`, watched] as const)
  const running = await startExporter(join(folder, 'exporter'), Object.fromEntries(named))
  const origin = `http://127.0.0.1:${running.port}`
  const scraped = named.map(([path, { kind }]): Scraped => {
    return { job: kind, instance: path.slice(kind.length + 1), url: `${origin}/metrics/${path}` }
  })
  return { running, origin, scraped }
}
