import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net, { type Server } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { onceItServes } from '../../../exporters/service/http/serves.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})
const listen = async (server: Server) => {
  open.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
}

test.each<[string, () => Server]>([
  ['http', () => http.createServer()],
  ['https', () => https.createServer()],
  ['http2', () => http2.createServer()],
  ['http2 over TLS', () => http2.createSecureServer()],
])('a process serves, from its first server of %s on', async (_kind, create) => {
  const begin = vi.fn()
  onceItServes(begin)
  await listen(net.createServer())
  create()
  expect(begin).not.toHaveBeenCalled()
  await listen(create())
  await listen(create())
  expect(begin).toHaveBeenCalledOnce()
})
