import { Redis } from 'ioredis'
import { workshop } from '../integration/servers.ts'
import { startOurs, startPeer } from './contestants.ts'
import { fillRedis } from './data-sets.ts'
import { measurePair, type Start } from './pair.ts'
import type { Peer } from './peers.ts'

interface Options {
  readonly keys: number
  readonly bundle: string
  readonly peer: Peer | undefined
  readonly scrapes: number
  readonly say: (line: string) => void
}

const versionOf = async (url: string) => {
  const client = new Redis(url)
  try {
    return /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1] ?? ''
  } finally {
    client.disconnect()
  }
}

/** Both exporters on one Redis, each as it comes. */
export const benchRedis = async (name: string, { keys, bundle, peer, scrapes, say }: Options) => {
  const shop = workshop()
  try {
    const server = await shop.redis()
    await fillRedis(server.url, keys)
    say(`${name}: ${keys} keys in 16 databases`)
    const common = { folder: shop.folder, kind: 'redis' } as const
    const at = (port?: number) => {
      const url = new URL(server.url)
      if (port !== undefined) url.port = String(port)
      return url.href
    }
    const mine: Start = (port) => startOurs({ ...common, bundle, source: at(port) })
    const theirs: Start | undefined = peer && ((port) => startPeer({ ...common, peer, source: at(port) }))
    const pair = await measurePair({
      title: name,
      words: 'Each as it comes; latency histograms included.',
      port: Number(new URL(server.url).port),
      scrapes,
      ours: { start: mine },
      peer: theirs && { start: theirs },
    })
    return { version: await versionOf(server.url), pairs: [pair] as const }
  } finally {
    await shop.end()
  }
}
