import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type RestartSetting, restartSetting } from '../../../config/restart.ts'
import { eventually, freePort } from '../../integration/servers.ts'
import type { Shop } from './case.ts'

const run = promisify(execFile)
const bin = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url))

/**
 * An API of which it is known what ails it, in words that Node 18 knows. /hang makes it hang until it is restarted, /ill
 * makes it answer with 503 until then; while there is a file `broken` it is not healthy whatever is done; `slow` holds milliseconds before it listens.
 */
export const apiSource = `
const { createServer } = require('node:http')
const { appendFileSync, existsSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const at = (name) => join(process.env.FOLDER, name)
appendFileSync(at('starts'), Date.now() + '\\n')
let hangs = false
let ill = false
const server = createServer((request, response) => {
  if (request.url === '/hang') hangs = true
  else if (request.url === '/ill') ill = true
  else if (hangs) return
  response.writeHead(ill || existsSync(at('broken')) ? 503 : 200).end()
})
const wait = existsSync(at('slow')) ? Number(readFileSync(at('slow'), 'utf8')) : 0
setTimeout(() => server.listen(Number(process.env.PORT), process.env.HOST || '127.0.0.1'), wait)
process.on('SIGTERM', () => process.exit(0))
process.on('SIGINT', () => process.exit(0))
`

/** What is known of the API, in a folder of its own. */
export const apiIn = (folder: string, port: number) => {
  mkdirSync(folder, { recursive: true })
  const script = join(folder, 'api.cjs')
  writeFileSync(script, apiSource)
  const url = `http://127.0.0.1:${port}`
  const status = () =>
    fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) }).then(
      (answer) => answer.status,
      () => 0,
    )
  return {
    folder,
    script,
    port,
    url,
    status,
    healthy: () => eventually(status, (code) => code === 200),
    hang: () => fetch(`${url}/hang`),
    fallIll: () => fetch(`${url}/ill`),
    breakIt: () => writeFileSync(join(folder, 'broken'), ''),
    mendIt: () => rmSync(join(folder, 'broken')),
    slowBy: (milliseconds: number) => writeFileSync(join(folder, 'slow'), String(milliseconds)),
    /** When it was started, each time. */
    starts: () => readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n').map(Number),
  }
}
export type Api = ReturnType<typeof apiIn>

/** The API under PM2, with a folder of PM2's own. Call `end` before the workshop's. */
export const pm2Stand = async (shop: Shop, name = 'techplus-backend') => {
  const api = apiIn(join(shop.folder, `api-${name}`), await freePort())
  const home = join(shop.folder, `pm2-${name}`)
  const env = { ...process.env, PM2_HOME: home, FOLDER: api.folder, PORT: String(api.port), PM2_DISCRETE_MODE: 'true' }
  const pm2 = async (...args: readonly string[]) => (await run(join(bin, 'pm2'), args, { env })).stdout
  await pm2('start', api.script, '--name', name)
  await api.healthy()
  return { ...api, home, pm2, process: name, end: () => pm2('kill') }
}

/** Quick enough for a test. */
export const quickly: Omit<RestartSetting, 'driver'> = {
  ...restartSetting,
  failures: 2,
  secondsBetween: 0.05,
  readySeconds: 3,
  attempts: 3,
  pauseSeconds: 0.2,
  perHour: 6,
}
/** Where npm's programs are, PM2 among them. */
export const npmPrograms = bin
