import { readEnv } from '../config/env.ts'
import { targets } from '../config/targets.ts'
import { openTargets } from './index.ts'
import { processRegistry } from './registry.ts'
import { exporterServer } from './server.ts'

const start = async () => {
  const env = readEnv()
  const scraped = openTargets(env)
  if (scraped.length === 0) {
    const variables = Object.values(targets).map(({ url }) => url)
    console.warn(`exporter: no source to read; it tells of itself only. Set ${variables.join(' or ')} to change that`)
  }
  const unset = Object.fromEntries(
    Object.entries(targets).flatMap(([name, { url }]) => (env[url] === undefined ? [[name, url]] : [])),
  )
  const server = exporterServer({ scraped, unset, registry: processRegistry() })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(server))
  await server.listen({ host: env.EXPORTER_HOST, port: env.EXPORTER_PORT })
}

/** Answers under way get ten seconds, as long as Prometheus would wait for them. */
const stop = async (server: { close(): Promise<unknown> }) => {
  const grace = setTimeout(() => process.exit(1), 10_000)
  grace.unref()
  await server.close()
}

start().catch((error: unknown) => {
  console.error(`exporter: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
