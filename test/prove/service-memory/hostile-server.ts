import { setImmediate as turn } from 'node:timers/promises'
import { createService } from '../../../exporters/service/index.ts'
import { patterns, servers } from '../conformance/servers.ts'

/** What runs in the process of the server. */
export interface Settings {
  readonly server: string
  readonly log: 'none' | 'all'
  readonly folder: string
  /** Bytes of a file of the log, and how many there are. */
  readonly size: number
  readonly keep: number
}
export interface Measured {
  /** Bytes after the garbage was collected, those outside of the heap included. */
  readonly held: number
  readonly resident: number
  /** By an independent listener of 'request'. */
  readonly accepted: number
}
export interface Started {
  readonly port: number
  readonly metrics: string
}

const measure = async (): Promise<Omit<Measured, 'accepted'>> => {
  for (let time = 0; time < 4; time += 1) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { held: heapUsed + external, resident: rss }
}

const start = async ({ server: name, log, ...files }: Settings) => {
  const service = createService({
    metrics: { port: 0 },
    log: { ...files, console: false },
    http: { routes: patterns, log },
  })
  const counted = await servers[name]?.(service)
  if (!counted) throw new Error(`there is no server ${name}`)
  let accepted = 0
  counted.server.on('request', () => {
    accepted += 1
  })
  process.on('message', async () => {
    process.send?.({ ...(await measure()), accepted } satisfies Measured)
  })
  process.once('disconnect', () => process.exit())
  const port = await counted.listen()
  process.send?.({ port, metrics: `${await service.ready()}/metrics` } satisfies Started)
}

await start(JSON.parse(process.argv[2] ?? ''))
