import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { Redis as Client } from 'ioredis'
import type { Source } from '../collector.ts'
import { namedTlsFailure } from '../tls.ts'
import { sparing } from './refusals.ts'

/** What a collector asks in one scrape. Questions of all collectors go out together. */
export interface Redis {
  /** Every field of INFO, each a text. The server is asked once a scrape, whoever asks. */
  info(): Promise<ReadonlyMap<string, string>>
  /** Any other command that changes nothing. Rejects where the server does not know it, or does not allow it. */
  ask(command: string, ...parameters: readonly string[]): Promise<unknown>
  /** Tells of a part that could not be read: the rest is served. */
  failed(part: string, cause: unknown): void
}

interface Options {
  readonly connectionName?: string
  /** Paths of certificates, for a URL that begins with `rediss:`. Without `ca` those that Node knows are trusted. */
  readonly tls?: TlsFiles
  /** Milliseconds until what the login may not ask is tried again. */
  readonly refusedFor?: number
}

export interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** One kept connection to a Redis or Valkey server. A URL that may change is asked for at each connection. */
export const redis = (
  url: string | (() => string),
  { connectionName = 'techplus-exporter', tls = {}, refusedFor = 300_000 }: Options = {},
): Source<Redis> => {
  const permitted = sparing({ again: refusedFor })
  let client: Client | undefined
  let answered = false
  /** Of this scrape: what was asked in one before may fail only now. */
  let scrape = { refused: false }
  let taken = 0
  let lost: Error | undefined
  let info: Promise<ReadonlyMap<string, string>> | undefined

  /** At once, and not when the other side has agreed to the end: it may never. */
  const drop = (failed: Client) => {
    if (client === failed) client = undefined
    failed.disconnect()
    failed.stream?.destroy()
  }
  const count =
    (opened: Client) =>
    ({ length }: Buffer) => {
      taken += length
      if (taken <= most) return
      lost = new Error(`what answers sent more than ${most} bytes: check host and port`)
      drop(opened)
    }
  const connect = async (signal: AbortSignal) => {
    const to = typeof url === 'string' ? url : url()
    const opened = new Client(to, {
      connectionName,
      ...secure(to, tls),
      lazyConnect: true,
      // Both versions answer alike what is asked here, and old proxies know no other.
      protocol: 2,
      // A scrape that finds no server says so at once; the next one tries again.
      retryStrategy: () => null,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      maxRetriesPerRequest: 0,
    })
    let reason: Error | undefined
    opened.on('error', (error: Error) => {
      reason = error
      if (!isReply(error)) lost = named(error)
    })
    opened.on('close', () => drop(opened))
    opened.once('connect', () => opened.stream.on('data', count(opened)))
    signal.addEventListener('abort', () => drop(opened), { once: true })
    try {
      await opened.connect()
    } catch (closed) {
      drop(opened)
      // The error of connect() is "Connection is closed."; the reason came as an event before it.
      throw connectionFailure(lost ?? (reason ? named(reason) : closed), to)
    }
    return opened
  }
  const call = async (command: string, ...parameters: readonly string[]): Promise<unknown> => {
    if (!client) throw new Error('the connection was lost')
    inOneWrite(client)
    try {
      const reply = await client.call(command, ...parameters)
      answered = true
      return reply
    } catch (failure) {
      // What is asked of a lost connection fails for that; why it was lost came as an event before.
      throw isReply(failure) ? failure : (lost ?? failure)
    }
  }
  const readInfo = async () => {
    const asked = scrape
    try {
      return parseInfo(String(await call('INFO', 'everything')))
    } catch (failure) {
      asked.refused = true
      throw failure
    }
  }

  return {
    // A server that refuses INFO is not up, whatever else it answers.
    async answered() {
      info ??= readInfo()
      await info.catch(() => undefined)
      return answered && !scrape.refused
    },
    async ready(signal) {
      // Whom it lets in it decides at the connection: a password that is known by now is told to another one.
      if (scrape.refused && client) drop(client)
      answered = false
      scrape = { refused: false }
      taken = 0
      info = undefined
      if (!client) lost = undefined
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
          info ??= timed(readInfo)
          return info
        },
        ask: (command, ...parameters) =>
          timed(() => permitted([command, ...parameters.slice(0, 1)].join(' '), () => call(command, ...parameters))),
        failed,
      }
    },
    async close() {
      client?.disconnect()
      client = undefined
    },
  }
}

/** What all collectors ask goes out together, and comes back in one round trip. */
const inOneWrite = ({ stream }: Client) => {
  if (stream.writableCorked > 0) return
  stream.cork()
  setImmediate(() => stream.uncork())
}

/** Bytes of a scrape: a server has not a tenth as much to say. Whatever answers there, it is not to fill our memory. */
const most = 16 * 1024 ** 2

/** An error that the server answered, on a connection that works. */
export const isReply = (failure: unknown) => failure instanceof Error && failure.name === 'ReplyError'

/** Our client repeats the byte that it did not expect, and asks to be told of it. */
const named = (failure: Error) =>
  failure.message.startsWith('Unknown RESP type')
    ? new Error('what answers does not speak as Redis does: check host and port', { cause: failure })
    : failure

const own = 'REDIS_TLS_CERT and REDIS_TLS_KEY'

/** A server that wants TLS, or a certificate, hangs up: what it says before that is often lost on the way. */
export const connectionFailure = (failure: unknown, url: string): unknown => {
  const named = namedTlsFailure(failure, { authority: 'REDIS_TLS_CA', own })
  if (!(named instanceof Error) || !/ECONNRESET|EPIPE|^Connection is closed|socket disconnected/.test(named.message)) {
    return named
  }
  const wants = url.startsWith('rediss:') ? `a certificate that it knows: ${own}` : 'TLS: a URL with rediss://'
  return new Error(`the server hung up (${named.message}). It may want ${wants}`, { cause: failure })
}

/** Read at each connection, as certificates are renewed. */
export const secure = (url: string, { ca, cert, key }: TlsFiles) => {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'rediss:') return {}
  const text = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'))
  // Many a hosted Redis tells its tenants apart by this name, which an address must not be.
  const name = isIP(hostname.replace(/^\[|\]$/g, '')) ? {} : { servername: hostname }
  return { tls: { ...name, ca: text(ca), cert: text(cert), key: text(key) } }
}

/**
 * `field:value` lines; section titles start with #. Fields of versions to come are kept like any other. Never throws, and takes
 * time in proportion to the text, whatever stands in it.
 */
export const parseInfo = (text: string): ReadonlyMap<string, string> => {
  const fields = new Map<string, string>()
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\n', start)
    const end = next < 0 ? text.length : next
    const line = text.slice(start, end).trim()
    start = end + 1
    const colon = line.indexOf(':')
    if (colon < 0 || line.startsWith('#')) continue
    const field = line.slice(0, colon)
    const value = line.slice(colon + 1)
    // The one field that stands once for each thing it tells of.
    const before = field === 'module' ? fields.get(field) : undefined
    fields.set(field, before === undefined ? value : `${before}\n${value}`)
  }
  return fields
}
