import { Redis as Client } from 'ioredis'
import type { Source } from '../collector.ts'

/** One kept connection to a Redis server. */
export interface Redis extends Source {
  /** The fields of INFO as this scrape read them, each a text. Known once `ready` has resolved. */
  readonly info: ReadonlyMap<string, string>
}

/** Reads `INFO` once a scrape; every collector takes its fields from there. */
export const redis = (url: string, { connectionName = 'techplus-exporter' } = {}): Redis => {
  let client: Client | undefined
  let info: ReadonlyMap<string, string> = new Map()

  /** At once, and not when the other side has agreed to the end: it may never. */
  const drop = (failed: Client) => {
    if (client === failed) client = undefined
    failed.disconnect()
  }
  const connect = async (signal: AbortSignal) => {
    const opened = new Client(url, {
      connectionName,
      lazyConnect: true,
      // A scrape that finds no server says so at once; the next one tries again.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
    })
    let refused: Error | undefined
    opened.on('error', (error: Error) => {
      refused = error
    })
    opened.on('close', () => drop(opened))
    signal.addEventListener('abort', () => drop(opened), { once: true })
    try {
      await opened.connect()
    } catch (closed) {
      drop(opened)
      // The error of connect() is "Connection is closed."; the reason came as an event before it.
      throw refused ?? closed
    }
    return opened
  }

  return {
    get info() {
      return info
    },
    async ready(signal) {
      client ??= await connect(signal)
      const current = client
      signal.addEventListener('abort', () => drop(current), { once: true })
      info = parseInfo(await current.info())
    },
    async close() {
      client?.disconnect()
      client = undefined
    },
  }
}

/** `field:value` lines; section titles start with #. Fields of versions to come are kept like any other. */
export const parseInfo = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes(':') && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
