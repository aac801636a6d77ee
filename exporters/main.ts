import { readEnv } from '../config/env.ts'
import { targets } from '../config/targets.ts'
import { accessOf, exposure } from './access.ts'
import { wordsOf } from './failure.ts'
import { keepHeapSmall } from './heap.ts'
import { openFolders, openTargets } from './index.ts'
import { processRegistry } from './registry.ts'
import { exporterServer } from './server.ts'

const tell = (words: string) => console.warn(`exporter: ${words}`)

const start = async () => {
  keepHeapSmall()
  const env = readEnv()
  const access = accessOf(env, tell)
  const scraped = openTargets(env, targets, tell)
  if (scraped.length === 0) {
    const variables = Object.values(targets).map(({ url }) => url)
    tell(
      `no server to read; it tells of itself and of the maintenance jobs only. Set ${variables.join(' or ')} to change that`,
    )
  }
  const unset = Object.fromEntries(
    Object.entries(targets).flatMap(([name, { url }]) => (env[url] === undefined ? [[name, url]] : [])),
  )
  const server = exporterServer({
    scraped: [...scraped, ...openFolders(env)],
    unset,
    registry: processRegistry(),
    ...access,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(server))
  const exposed = exposure(env)
  if (exposed) tell(exposed)
  await server.listen({ host: env.EXPORTER_HOST, port: env.EXPORTER_PORT })
}

/** Answers under way get ten seconds, as long as Prometheus would wait for them. */
const stop = async (server: { close(): Promise<unknown> }) => {
  const grace = setTimeout(() => process.exit(1), 10_000)
  grace.unref()
  await server.close()
}

start().catch((error: unknown) => {
  console.error(`exporter: ${wordsOf(error)}`)
  process.exit(1)
})
