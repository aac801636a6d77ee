import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startDashboards } from '../../compose/dashboards.ts'
import { findGrafana } from '../../compose/local/grafana.ts'
import { models } from '../../dashboards/index.ts'
import { onFreePorts, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())

/** Writes down how it was started, and answers as healthy: Grafana itself is not to be had as a package. */
const recorder = `#!${process.execPath}
const { writeFileSync } = require('node:fs')
const { GF_SERVER_HTTP_PORT: port, GF_SERVER_HTTP_ADDR: host } = process.env
const settings = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('GF_')))
writeFileSync('started.json', JSON.stringify({ arguments: process.argv.slice(2), settings }))
require('node:http').createServer(({ url }, response) => {
  response.writeHead(url === '/api/health' ? 200 : 404).end()
}).listen(port, host)
`

const install = (name: string) => {
  const home = join(shop.folder, `installed-${name}`)
  mkdirSync(join(home, 'bin'), { recursive: true })
  mkdirSync(join(home, 'conf'), { recursive: true })
  writeFileSync(join(home, 'conf/defaults.ini'), '')
  // A package of its own without a type, so that the program may be plain CommonJS.
  writeFileSync(join(home, 'package.json'), '{}')
  writeFileSync(join(home, 'bin', name), recorder)
  chmodSync(join(home, 'bin', name), 0o755)
  return home
}

test.each([
  ['grafana', ['server']],
  ['grafana-server', []],
])('A %s on PATH shows the dashboards: on loopback, to look at only, with data of its own', async (name, first) => {
  const home = install(name)
  const folder = join(shop.folder, `run-${name}`)
  const env = await onFreePorts()
  const { signal } = new AbortController()
  const running = shop.keep(
    await startDashboards({ env, folder, say: () => undefined, signal, searched: [join(home, 'bin')] }),
  )
  const started: { readonly arguments: readonly string[]; readonly settings: Readonly<Record<string, string>> } =
    JSON.parse(readFileSync(join(folder, 'grafana/started.json'), 'utf8'))
  const config = join(folder, 'grafana/grafana.ini')
  expect(started.arguments).toEqual([...first, `--homepath=${home}`, `--config=${config}`])
  expect(started.settings).toMatchObject({
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: String(env.GRAFANA_PORT),
    GF_PATHS_DATA: join(folder, 'grafana'),
    GF_PATHS_PROVISIONING: join(folder, 'config/grafana/provisioning'),
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: join(folder, `config/grafana/dashboards/${models[0]?.uid}.json`),
  })
  expect(readFileSync(config, 'utf8')).toMatch(/^;/)
  expect(running.name).toBe('Grafana')
  await running.stop()
})

test('Without one, or with one that lacks its pages, the preview shows them', async () => {
  const home = install('grafana')
  rmSync(join(home, 'conf'), { recursive: true })
  expect(findGrafana([join(home, 'bin')])).toBeUndefined()
  const env = await onFreePorts()
  const lines: string[] = []
  const { signal } = new AbortController()
  const running = shop.keep(
    await startDashboards({
      env,
      folder: join(shop.folder, 'run-preview'),
      say: (line) => lines.push(line),
      signal,
      searched: [join(home, 'bin')],
    }),
  )
  expect(lines).toEqual(['Grafana is not installed: the preview draws the dashboards'])
  const answer = await fetch(`http://127.0.0.1:${env.GRAFANA_PORT}/health`)
  expect(JSON.parse(await answer.text())).toEqual({ status: 'healthy', dashboards: models.length })
  expect(await running.stop()).toMatchObject({ asked: true, code: 0 })
})
