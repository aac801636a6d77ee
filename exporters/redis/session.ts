import { Redis as Client } from 'ioredis'
import { connectionFailure, isReply, secure, type TlsFiles } from './source.ts'

/** A connection of somebody who works. */
export interface RedisSession {
  /** @throws Error as the server words it, or where the connection is lost */
  ask(command: string, ...parameters: readonly (string | Buffer)[]): Promise<unknown>
  close(): void
}

interface Options {
  readonly url: string
  readonly connectionName: string
  readonly tls?: TlsFiles
  /** Milliseconds that an answer may take: a minute where nothing is said. */
  readonly answerWithin?: number
  /** Ends the session at once, and whatever it asks fails. */
  readonly signal: AbortSignal
}

/** Milliseconds. */
const limits = { connect: 10_000, answer: 60_000 }

/**
 * Answers are Buffers where they are texts, numbers, null, and lists of these. What is asked at once goes out at once.
 * @throws Error as the server or the system words it
 */
export const openRedisSession = async (options: Options): Promise<RedisSession> => {
  const { url, connectionName, tls = {}, answerWithin = limits.answer, signal } = options
  signal.throwIfAborted()
  const client = new Client(url, {
    connectionName,
    ...secure(url, tls),
    lazyConnect: true,
    protocol: 2,
    connectTimeout: limits.connect,
    commandTimeout: answerWithin,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
  })
  let lost: Error | undefined
  // A password that it does not know it refuses in a reply.
  let reason: Error | undefined
  client.on('error', (error: Error) => {
    reason = error
    if (!isReply(error)) lost = error
  })
  const drop = () => {
    client.disconnect()
    client.stream?.destroy()
  }
  signal.addEventListener('abort', drop, { once: true })
  try {
    await client.connect()
  } catch (closed) {
    drop()
    signal.throwIfAborted()
    throw connectionFailure(lost ?? reason ?? closed, url)
  }
  return {
    ask: async (command, ...parameters) => {
      signal.throwIfAborted()
      try {
        return await client.callBuffer(command, ...parameters)
      } catch (failure) {
        signal.throwIfAborted()
        throw isReply(failure) ? failure : (lost ?? failure)
      }
    },
    close: () => {
      signal.removeEventListener('abort', drop)
      drop()
    },
  }
}
