import { Redis as Client } from 'ioredis'
import { expect } from 'vitest'
import { redisCollectors, redisVitals } from '../../exporters/redis/index.ts'
import { redis } from '../../exporters/redis/source.ts'
import { scraper } from '../../exporters/scrape.ts'
import { textOf } from '../readings.ts'
import { type CacheFlavour, eventually, freePort, type workshop } from './servers.ts'

/** Stands nowhere but in the settings of the servers. */
export const password = 'a-cache-password'

/** What a scrape of a server says, and what the log says of it. */
export const scrapeOf = (url: string, options: Parameters<typeof redis>[1] = {}) => {
  const lines: string[] = []
  const source = redis(url, options)
  const collectors = redisCollectors()
  const say = (_: object, message: string) => void lines.push(message)
  const scrape = scraper(
    { kind: 'redis', name: 'cache', source, collectors, vitals: redisVitals },
    { info: say, warn: say },
  )
  return {
    lines,
    collectors,
    scrape: async (budget = 5_000) => textOf((await scrape(budget)).readings),
    close: () => source.close(),
  }
}

/** The value of one series, NaN where it is not there. */
export const reading = (body: string, series: string) =>
  Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  )

/** A login with the password of the default one. */
export const clientOf = (url: string) => {
  const client = new Client(url, { protocol: 2, enableReadyCheck: false })
  client.on('error', () => undefined)
  return client
}

/** `INFO everything` of the server itself, by field. */
export const infoOf = async (client: Client): Promise<Readonly<Record<string, string>>> => {
  const text = String(await client.call('INFO', 'everything'))
  return Object.fromEntries(
    text.split('\r\n').flatMap((line) => (/^[\w|]+:/.test(line) ? [[...line.split(/:(.*)/s).slice(0, 2)]] : [])),
  )
}

const modern = (flavour: CacheFlavour) => flavour !== 'redis-6'

/** A master with something to tell, its replica and a node of a cluster. Before 7.0 a node's second port can't be chosen. */
export const redisStand = async (shop: ReturnType<typeof workshop>, flavour: CacheFlavour) => {
  const settings = {
    appendonly: 'yes',
    // A replica need not wait for others that might want the same copy.
    'repl-diskless-sync-delay': '0',
    'latency-monitor-threshold': '10',
    'slowlog-log-slower-than': '0',
    ...(modern(flavour) && { 'enable-debug-command': 'yes' }),
  }
  const master = await shop.redis({ flavour, password, maxmemory: '64mb', settings })
  const replicaSettings = { ...settings, replicaof: ['127.0.0.1', new URL(master.url).port], masterauth: password }
  const replica = await shop.redis({ flavour, password, settings: replicaSettings })
  const bus = async () => ({ 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) })
  const node = modern(flavour) ? await shop.redis({ flavour, password, settings: await bus() }) : undefined
  const admin = clientOf(master.url)
  await eventually(
    async () => (await infoOf(admin)).slave0 ?? '',
    (text) => /state=online.*lag=[01]\b/.test(text),
  )
  await admin.config('SET', 'min-replicas-to-write', '1')
  await tell(admin, flavour)
  return { master, replica, node, admin, urls: [master, replica, ...(node ? [node] : [])].map(({ url }) => url) }
}

/** So that each family has something to tell. */
const tell = async (admin: Client, flavour: CacheFlavour) => {
  await admin.set('kept', '1')
  await admin.set('passing', '1', 'EX', 1000)
  await admin.get('kept')
  await admin.get('absent')
  await expect(admin.call('NOSUCH')).rejects.toThrow('unknown command')
  await expect(admin.call('GET')).rejects.toThrow('wrong number')
  await admin.call('DEBUG', 'SLEEP', '0.02')
  if (flavour !== 'redis-8') return
  await admin.hset('hash', 'field', '1')
  await admin.call('HEXPIRE', 'hash', '1000', 'FIELDS', '1', 'field')
}
