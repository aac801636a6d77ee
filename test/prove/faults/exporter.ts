import { setImmediate as turn } from 'node:timers/promises'
import { readEnv } from '../../../config/env.ts'
import { type ServerKind, targets } from '../../../config/targets.ts'
import { openTargets } from '../../../exporters/index.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { reservationsCollectors } from '../../../exporters/reservations/index.ts'
import { exporterServer } from '../../../exporters/server.ts'

/**
 * Our exporter as it runs in production, with several targets of a kind in one process. `/memory` collects garbage and
 * says what is left: a process by itself collects when it likes.
 */
export interface Watched {
  readonly kind: ServerKind
  readonly url: string
  /** No limit to what is shown one by one. */
  readonly unbounded?: boolean
  readonly surveySeconds?: number
}

/** Bytes, after the garbage was collected. */
export interface Memory {
  readonly heap: number
  /** Of buffers, which are outside the heap. */
  readonly external: number
  readonly resident: number
}

const watched: Readonly<Record<string, Watched>> = JSON.parse(process.argv[2] ?? '{}')
const unlimited = { statements: Infinity, tables: Infinity, indexes: Infinity } as const
const scraped = Object.entries(watched).flatMap(([name, { kind, url, unbounded = false, surveySeconds }]) => {
  const base = kind === 'redis' ? targets.cache : targets.main
  const limits = unbounded ? unlimited : base.limits
  const target = { ...base, kinds: [kind], limits, ...(surveySeconds !== undefined && { surveySeconds }) }
  const opened = openTargets(readEnv({ [base.url]: url }), { [name.replace(/^\w+\//, '')]: target })
  // Reservations have a pace of their own.
  if (kind !== 'reservations' || surveySeconds === undefined) return opened
  return opened.map((one) => ({ ...one, collectors: reservationsCollectors({ every: surveySeconds * 1000 }) }))
})
const server = exporterServer({ scraped, registry: processRegistry() })
server.get('/memory', async (): Promise<Memory> => {
  // What was a buffer is let go behind the first.
  for (const _ of [1, 2, 3]) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed, external, resident: rss }
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close())
const { EXPORTER_HOST: host, EXPORTER_PORT: port } = readEnv()
await server.listen({ host, port })
