import { once } from 'node:events'
import { createServer } from 'node:http'

/** What our exporter says of several Redis, each up or down as it is told to be. */
export const vitalsOf = async (instances: readonly string[]) => {
  const down = new Set<string>()
  // With its moment: one scrape that fails on a busy machine does not end what it said before.
  const series = (instance: string) => `redis_up{instance="${instance}"} ${down.has(instance) ? 0 : 1} ${Date.now()}\n`
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`# TYPE redis_up gauge\n${instances.map(series).join('')}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  return {
    scraped: [
      {
        job_name: 'redis',
        honor_labels: true,
        scrape_interval: '500ms',
        scrape_timeout: '500ms',
        static_configs: [{ targets: [host] }],
      },
    ],
    down: (instance: string) => void down.add(instance),
    up: (instance: string) => void down.delete(instance),
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
