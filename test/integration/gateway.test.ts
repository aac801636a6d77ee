import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProcess } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { gatewayConfig } from '../../compose/mimir/server.ts'
import { remoteWrite } from '../../config/targets.ts'
import { freePort, workshop } from './servers.ts'

const shop = workshop()
/** No Mimir can be had here: this says what it would be asked. */
const behind = createServer(({ method, url, headers }, response) => {
  response.end(`${method} ${url} for ${headers['x-scope-orgid'] ?? 'nobody'}`)
})
let port: number

beforeAll(async () => {
  behind.listen(0, '127.0.0.1')
  await once(behind, 'listening')
  const { port: upstream } = behind.address() as AddressInfo
  port = await freePort()
  const mimir = { gateway: 'mimir:8080', instances: [`127.0.0.1:${upstream}`], agents: [] }
  const home = join(shop.folder, 'nginx')
  mkdirSync(home)
  // What is another here: the port, and the folder of one run.
  const config = gatewayConfig(mimir)
    .replaceAll('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll('/tmp/', `${home}/`)
  const file = join(home, 'nginx.conf')
  writeFileSync(file, config)
  const { nginx } = await ensurePrograms(['nginx'])
  shop.keep(
    await startProcess({
      name: 'nginx',
      home,
      command: nginx.path,
      env: nginx.env,
      args: ['-e', 'stderr', '-c', file, '-g', 'daemon off;'],
      ready: async () => (await ask('GET', '/ready')).status === 200,
    }),
  )
})
afterAll(async () => {
  await shop.end()
  behind.close()
})

const ask = async (method: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
  const asked = request({ port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers }, agent: false })
  asked.end()
  const [response] = await once(asked, 'response')
  return { status: Number(response.statusCode), said: await text(response) }
}

const as = (tenant: string) => ({ 'x-scope-orgid': tenant })

test('a question is for the tenant of this stack, unless somebody names another', async () => {
  const path = '/prometheus/api/v1/query?query=up'
  expect(await ask('GET', path)).toEqual({ status: 200, said: `GET ${path} for ${remoteWrite.tenant}` })
  expect(await ask('POST', path, as('other'))).toEqual({ status: 200, said: `POST ${path} for other` })
})

test('samples are for whom the sender says, and for nobody otherwise: Mimir then refuses them', async () => {
  const path = '/api/v1/push'
  expect((await ask('POST', path, as('techplus'))).said).toBe(`POST ${path} for techplus`)
  expect((await ask('POST', path)).said).toBe(`POST ${path} for nobody`)
})

test.each([
  '/compactor/delete_tenant',
  '/ingester/shutdown',
  '/ingester/flush',
  '/ruler/delete_tenant_config',
  '/multitenant_alertmanager/delete_tenant_config',
  '/api/v1/alerts',
  '/prometheus/config/v1/rules/techplus-http',
  '/api/v1/push/influx/write',
  '/config',
  '/prometheus/api/v1/../../../compactor/delete_tenant',
  '//compactor/delete_tenant',
])('nothing comes through to %s', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE']) expect((await ask(method, path, as('techplus'))).status).toBe(404)
})

test('a page whose name leads to this address learns nothing', async () => {
  const path = '/prometheus/api/v1/query?query=up'
  for (const host of ['example.com', 'mimir.example.com', '127.0.0.1.example.com:9009'])
    expect((await ask('GET', path, { host })).status).toBe(403)
  for (const host of ['mimir:8080', 'localhost:9009']) expect((await ask('GET', path, { host })).status).toBe(200)
})
