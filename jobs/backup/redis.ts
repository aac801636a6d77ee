import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { openRedisSession } from '../../exporters/redis/session.ts'
import { connectionFailure, parseInfo, secure, type TlsFiles } from '../../exporters/redis/source.ts'
import type { Source } from './source.ts'

/** A server of Redis as it is known before it is saved. */
export interface RedisSource {
  readonly runId: string
  readonly replicationId: string
  readonly serverVersion: string
  /** Keys of each of its databases, by number. */
  readonly keys: Readonly<Record<string, number>>
  /** Bytes of memory that its data takes. */
  readonly bytes: number
}

interface Options {
  readonly url: string
  readonly tls: TlsFiles
}

/**
 * Asks a server who it is.
 * @throws Error as the server or the system words it
 */
export const identifyRedis = async ({ url, tls }: Options, signal: AbortSignal): Promise<RedisSource> => {
  const session = await openRedisSession({ url, tls, connectionName: 'techplus-backup', signal })
  try {
    const info = parseInfo(String(await session.ask('INFO')))
    const keys = [...info].flatMap(([field, value]) => {
      const number = /^db(\d+)$/.exec(field)?.[1]
      return number === undefined ? [] : [[number, Number(/keys=(\d+)/.exec(value)?.[1] ?? 0)] as const]
    })
    return {
      runId: info.get('run_id') ?? '',
      replicationId: info.get('master_replid') ?? '',
      serverVersion: info.get('redis_version') ?? '',
      keys: Object.fromEntries(keys),
      bytes: Number(info.get('used_memory') ?? 0),
    }
  } finally {
    session.close()
  }
}

/**
 * A server's snapshot, as a replica gets it: the server forks and sends, and goes on serving. Nothing is written on its
 * side that it would not write for a replica, and nothing as a plain file on ours.
 */
export const redisSource = (options: Options): Source<'redis'> => ({
  kind: 'redis',
  save: async ({ seal, signal }) => {
    const { runId, replicationId, serverVersion, keys } = await identifyRedis(options, signal)
    // What came before this moment is in it.
    const taken = Date.now()
    const sealed = await seal(snapshot(options, signal), signal)
    return {
      ...sealed,
      kind: 'redis',
      taken,
      program: `SYNC of Redis ${serverVersion}`,
      source: { runId, replicationId, serverVersion },
      contents: { keys },
    }
  },
})

/** Milliseconds without a byte: a server that forks sends one every few seconds. */
const silence = 60_000
const markLength = 40

const open = ({ url, tls }: Options): Socket => {
  const { hostname, port } = new URL(url)
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
  const secured = secure(url, tls)
  return 'tls' in secured ? connectTls({ ...to, ...secured.tls }) : connect(to)
}

const command = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

/** What a login needs for this, besides INFO. */
const rights = '+info +sync +replconf'

/**
 * The bytes of a snapshot, in the format of RDB.
 * @throws Error where the server refuses, hangs up before the end, or sends what is no snapshot
 */
async function* snapshot(options: Options, signal: AbortSignal): AsyncGenerator<Buffer> {
  const socket = open(options)
  const stop = () => void socket.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  socket.setTimeout(silence, () => socket.destroy(new Error(`the server sent nothing for ${silence / 1_000} seconds`)))
  const { username, password } = new URL(options.url)
  const login = [decodeURIComponent(username), decodeURIComponent(password)].filter(Boolean)
  const from = reading(socket)
  // One after the other: a server sends no snapshot to whom it has something else to answer.
  const ask = async (...words: readonly string[]) => {
    socket.write(command(...words))
    return from.line()
  }
  try {
    if (login.length > 0) refused(await ask('AUTH', ...login), /^-/)
    // The snapshot alone: the server keeps no writes for us. An older one knows nothing of that, and goes on.
    refused(await ask('REPLCONF', 'rdb-only', '1'), /^-(NOAUTH|NOPERM)/)
    refused(await ask('REPLCONF', 'capa', 'eof'), /^-(NOAUTH|NOPERM)/)
    socket.write(command('SYNC'))
    yield* payload(from)
  } catch (cause) {
    signal.throwIfAborted()
    throw connectionFailure(cause, options.url)
  } finally {
    signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}

interface Reading {
  line(): Promise<string>
  chunk(): Promise<Buffer | undefined>
}

const reading = (socket: Socket): Reading => {
  const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]()
  let kept: Buffer = Buffer.alloc(0)
  const next = async () => {
    const { done, value } = await chunks.next()
    return done === true ? undefined : value
  }
  return {
    line: async () => {
      for (;;) {
        const end = kept.indexOf('\n')
        if (end >= 0) {
          const line = kept.subarray(0, end).toString().trim()
          kept = kept.subarray(end + 1)
          return line
        }
        if (kept.length > 1_024) throw new Error('what answers does not speak as Redis does: check host and port')
        const more = await next()
        if (!more) throw new Error('the server hung up before its snapshot')
        kept = Buffer.concat([kept, more])
      }
    },
    chunk: async () => {
      if (kept.length === 0) return next()
      const first = kept
      kept = Buffer.alloc(0)
      return first
    },
  }
}

async function* payload(from: Reading) {
  // While the server forks it sends empty lines.
  let head = ''
  while (head === '') head = await from.line()
  refused(head, /^-/)
  const mark = /^\$EOF:(.{40})$/.exec(head)?.[1]
  const length = mark === undefined ? Number(/^\$(\d+)$/.exec(head)?.[1]) : undefined
  if (Number.isNaN(length)) throw new Error('what answers does not speak as Redis does: check host and port')
  yield* asSnapshot(length === undefined ? untilMark(from, Buffer.from(mark ?? '')) : untilLength(from, length))
}

const refused = (answer: string, when: RegExp) => {
  if (!when.test(answer)) return
  throw new Error(
    `the server refuses to send a snapshot (${answer.slice(1)}). Check the login of JOBS_REDIS_URL, which needs ${rights}`,
  )
}

const cutShort = () => new Error('the server hung up in the middle of its snapshot')

async function* untilLength(from: Reading, length: number) {
  let left = length
  while (left > 0) {
    const chunk = await from.chunk()
    if (!chunk) throw cutShort()
    yield chunk.subarray(0, left)
    left -= chunk.length
  }
}

/** The mark comes behind the last byte, and may come in pieces. */
async function* untilMark(from: Reading, mark: Buffer) {
  let held: Buffer = Buffer.alloc(0)
  for (;;) {
    const chunk = await from.chunk()
    if (!chunk) throw cutShort()
    held = Buffer.concat([held, chunk])
    const end = held.length - markLength
    if (end < 0) continue
    if (held.subarray(end).equals(mark)) {
      yield held.subarray(0, end)
      return
    }
    yield held.subarray(0, end)
    held = held.subarray(end)
  }
}

/** A snapshot begins with its magic word, and ends with an end, and a checksum behind it. */
async function* asSnapshot(chunks: AsyncIterable<Buffer>) {
  let head = ''
  let tail: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (head.length < 5) head += chunk.subarray(0, 5 - head.length).toString('latin1')
    tail = Buffer.concat([tail.subarray(-9), chunk.subarray(-9)]).subarray(-9)
    yield chunk
  }
  if (head !== 'REDIS' || tail[0] !== 0xff) throw new Error('what the server sent is no snapshot')
}
