import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Env, readEnv } from '../config/env.ts'
import { scrapeInterval } from '../config/targets.ts'
import { models as dashboards } from '../dashboards/index.ts'
import { bundlePage } from '../dashboards/preview/bundle.ts'
import { type Editions, editions } from '../dashboards/preview/editions.ts'
import { previewServer } from '../dashboards/preview/server.ts'
import { drawnFor, prometheusOf } from './preview-dashboards.ts'
import { isVision, takePictures, visions } from './preview-pictures.ts'
import { watchSource } from './preview-watch.ts'

const usage = [
  'npm run preview                     draws the dashboards at http://127.0.0.1:3001',
  'npm run preview -- --watch          and again as soon as their source changes',
  'npm run preview -- --png FOLDER     writes a picture of each into a folder',
  '  --dashboard UID                   only this one; may be given again',
  '  --from now-6h --to now            of this time',
  '  --var NAME=VALUE                  with this choice; may be given again',
  '  --theme light',
  `  --vision ${visions.join('|')}   as who cannot tell these colours apart sees it`,
].join('\n')

const options = {
  watch: { type: 'boolean' },
  png: { type: 'string' },
  dashboard: { type: 'string', multiple: true },
  from: { type: 'string' },
  to: { type: 'string' },
  var: { type: 'string', multiple: true },
  theme: { type: 'string' },
  vision: { type: 'string' },
  help: { type: 'boolean' },
} as const

const readOptions = () => {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
}

type Options = ReturnType<typeof readOptions>

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

const chosen = ({ dashboard: uids }: Options) => {
  const unknown = uids?.filter((uid) => !dashboards.some((one) => one.uid === uid)) ?? []
  if (unknown.length > 0) {
    throw new Error(
      `there is no dashboard ${unknown.join(', ')}. Known: ${dashboards.map(({ uid }) => uid).join(', ')}`,
    )
  }
  return dashboards.filter(({ uid }) => !uids || uids.includes(uid))
}

const stateOf = ({ from, to, theme, var: variables = [] }: Options) => {
  const wrong = variables.find((text) => !/^\w+=/.test(text))
  if (wrong !== undefined) throw new Error(`--var ${wrong}: write --var NAME=VALUE`)
  if (theme !== undefined && theme !== 'light' && theme !== 'dark')
    throw new Error(`--theme ${theme}: write light or dark`)
  const choices = variables.map((text): [string, string] => {
    const [name = '', ...value] = text.split('=')
    return [`var-${name}`, value.join('=')]
  })
  return new URLSearchParams([
    // Only together: a dashboard's own end would not fit a beginning of somebody else's.
    ...Object.entries(from || to ? { from: from ?? 'now-6h', to: to ?? 'now' } : {}),
    ...Object.entries(theme ? { theme } : {}),
    ...choices,
  ])
}

const visionOf = ({ vision }: Options) => {
  if (vision !== undefined && !isVision(vision)) throw new Error(`--vision ${vision}: write ${visions.join(' or ')}`)
  return vision
}

const draw = async (env: Env, folder: string, given: Options) => {
  const [list, state, vision] = [chosen(given), stateOf(given), visionOf(given)]
  const { url, close } = await start(env, 0)
  try {
    const faults = await takePictures({
      dashboards: list,
      url,
      folder: resolve(folder),
      state,
      ...(vision && { vision }),
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
