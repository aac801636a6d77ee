import { resolve } from 'node:path'
import { type Env, readEnv } from '../config/env.ts'
import { scrapeInterval } from '../config/targets.ts'
import { bundlePage } from '../dashboards/preview/bundle.ts'
import { type Editions, editions } from '../dashboards/preview/editions.ts'
import { previewServer } from '../dashboards/preview/server.ts'
import { drawnFor, prometheusOf } from './preview-dashboards.ts'
import { type Options, readOptions, takenFor, usage } from './preview-options.ts'
import { takePictures } from './preview-pictures.ts'
import { watchSource } from './preview-watch.ts'

const start = async (env: Env, port: number, changing?: Editions) => {
  const app = previewServer({
    dashboards: drawnFor(env),
    ...(changing && { changing }),
    prometheusUrl: prometheusOf(env),
    scrapeInterval,
    bundle: await bundlePage(),
  })
  // Loopback only: it has no login, and reads whatever Prometheus knows.
  const url = await app.listen({ host: '127.0.0.1', port })
  return { url, close: () => app.close() }
}

const serve = async (env: Env, watched: boolean) => {
  const source = editions(drawnFor(env))
  const { url, close } = await start(env, env.GRAFANA_PORT, watched ? source : undefined).catch((error: unknown) => {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    throw taken ? new Error(`port ${env.GRAFANA_PORT} is in use: stop what listens there, or set GRAFANA_PORT`) : error
  })
  const unwatch = watched ? watchSource({ ...source, say: (line) => console.log(line) }) : () => undefined
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      unwatch()
      void close()
    })
  }
  console.log(`Dashboards are drawn at ${url}`)
}

const draw = async (env: Env, folder: string, given: Options) => {
  const taken = takenFor(given)
  const { url, close } = await start(env, 0)
  try {
    const faults = await takePictures({
      ...taken,
      url,
      folder: resolve(folder),
      say: (line) => console.log(line),
    })
    if (faults.length > 0)
      throw new Error(`not all is well on the dashboards:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
  } finally {
    await close()
  }
}

const run = async () => {
  const given = readOptions()
  if (given.help) return console.log(usage)
  if (given.watch && given.png !== undefined) throw new Error(`--watch does not go with --png\n\n${usage}`)
  if (given.png !== undefined) return draw(readEnv(), given.png, given)
  const { watch = false, ...others } = given
  const alone = Object.keys(others)
  if (alone.length > 0) throw new Error(`--${alone[0]} goes with --png FOLDER\n\n${usage}`)
  return serve(readEnv(), watch)
}

run().catch((error: unknown) => {
  console.error(`preview: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
