import { Redis as Client } from 'ioredis'
import type { Source } from '../collector.ts'

/** What a collector asks in one scrape. Questions of all collectors go out together. */
export interface Redis {
  /** Every field of INFO, each a text. The server is asked once a scrape, whoever asks. */
  info(): Promise<ReadonlyMap<string, string>>
  /** Any other command that changes nothing. Rejects where the server does not know it, or does not allow it. */
  ask(command: string, ...parameters: readonly string[]): Promise<unknown>
  /** Tells of a part that could not be read: the rest is served. */
  failed(part: string, cause: unknown): void
}

/** One kept connection to a Redis or Valkey server. */
export const redis = (url: string, { connectionName = 'techplus-exporter' } = {}): Source<Redis> => {
  let client: Client | undefined
  let answered = false
  let info: Promise<ReadonlyMap<string, string>> | undefined

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
  const call = async (command: string, ...parameters: readonly string[]): Promise<unknown> => {
    if (!client) throw new Error('the connection was lost')
    const reply = await client.call(command, ...parameters)
    answered = true
    return reply
  }

  return {
    get answered() {
      return answered
    },
    async ready(signal) {
      answered = false
      info = undefined
      client ??= await connect(signal)
      const current = client
      signal.addEventListener('abort', () => drop(current), { once: true })
    },
    reader({ spent, failed }) {
      const timed = async <T>(work: () => Promise<T>) => {
        const start = performance.now()
        const found = await work()
        spent(performance.now() - start)
        return found
      }
      return {
        info: () => {
          info ??= timed(async () => parseInfo(String(await call('INFO', 'everything'))))
          return info
        },
        ask: (command, ...parameters) => timed(() => call(command, ...parameters)),
        failed,
      }
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
