import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersOk } from '../../../exporters/service/health/dependencies.ts'

const asked: IncomingMessage[] = []
const connections = new Set<unknown>()
const server = createServer((request, response) => {
  asked.push(request)
  connections.add(request.socket)
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/endless') {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', more)
    more()
  } else {
    response.writeHead(Number(pathname.slice(1)), { location: '/200' }).flushHeaders()
    // A body comes later than its head: who hangs up meanwhile needs another connection.
    setTimeout(() => response.end('{"data":[]}'), 5)
  }
})
let base = ''
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const ask = (path: string, options?: Parameters<typeof answersOk>[1]) =>
  answersOk(base + path, options)(AbortSignal.timeout(10_000))

test.each(['/200', '/204', '/endless'])('an API that answers %s is well', async (path) => {
  await expect(ask(path)).resolves.toBeUndefined()
})

test.each(['302', '401', '404', '500', '503'])(
  'an API that answers %s is not; its path is told, not its query',
  async (status) => {
    await expect(ask(`/${status}?key=s3cret`)).rejects.toThrow(new RegExp(`^${base}/${status} answered ${status}$`))
  },
)

test('the secret of the moment goes with the request, and the connections stay few', async () => {
  let times = 0
  const check = answersOk(`${base}/200`, { headers: { 'x-version': '2' }, secret: () => `secret-${++times}` })
  asked.length = 0
  connections.clear()
  for (let run = 0; run < 10; run += 1) await check(AbortSignal.timeout(10_000))
  const sent = asked.map(({ headers }) => `${headers.authorization} ${headers['x-version']}`)
  expect(sent).toEqual(Array.from({ length: 10 }, (_, run) => `Bearer secret-${run + 1} 2`))
  expect(connections.size).toBeLessThan(5)
})
