import { readEnv } from '../../config/env.ts'
import { targets } from '../../config/targets.ts'
import { keepHeapSmall } from '../../exporters/heap.ts'
import { openTargets } from '../../exporters/index.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'

/**
 * Our exporter as it runs in production, with one kind to read and limits and a pace of its own. It is bundled and run
 * by node alone: tsx would be measured along.
 */
interface Settings {
  readonly kind: 'postgres' | 'redis'
  /** Beyond those of `config/targets.ts`; null in JSON stands for no limit. */
  readonly limits?: Readonly<Record<string, number | null>>
  /** How often the sizes of relations are read again. */
  readonly surveySeconds?: number
}

keepHeapSmall()
const settings: Settings = JSON.parse(process.argv[2] ?? '{}')
const env = readEnv()
const unbounded = Number.POSITIVE_INFINITY
const base = settings.kind === 'postgres' ? targets.main : targets.cache
const changed = Object.fromEntries(
  Object.entries(settings.limits ?? {}).map(([name, limit]) => [name, limit ?? unbounded]),
)
const table = {
  bench: {
    ...base,
    kinds: [settings.kind],
    limits: { ...base.limits, ...changed },
    ...(settings.surveySeconds && { surveySeconds: settings.surveySeconds }),
  },
}
const server = exporterServer({ scraped: openTargets(env, table), registry: processRegistry() })
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close())
await server.listen({ host: env.EXPORTER_HOST, port: env.EXPORTER_PORT })
