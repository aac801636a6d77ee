import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { writeAll } from '../../exporters/replace-file.ts'
import type { Recipient } from './encryption.ts'

/** What a file of a backup is, before and after it was compressed and encrypted. */
export interface Sealed {
  readonly plainBytes: number
  readonly plainSha256: string
  readonly bytes: number
  readonly sha256: string
}

interface Options {
  /** What is saved. */
  readonly from: AsyncIterable<Uint8Array>
  /** A name that nobody takes for a backup. Must not exist. */
  readonly to: string
  readonly recipient: Recipient
  /** Of gzip. */
  readonly compression: number
  readonly signal: AbortSignal
  /** Called for every piece that is on its way to the disk. */
  readonly progress: () => void
}

/** Bytes that gzip gives on at a time: its usual 16 KiB cost a turn of the event loop each. */
const piece = 256 * 1024

interface Counted {
  bytes: number
  readonly hash: Hash
}
const counted = (): Counted => ({ bytes: 0, hash: createHash('sha256') })
const count = (sum: Counted, chunk: Uint8Array) => {
  sum.bytes += chunk.length
  sum.hash.update(chunk)
}

/**
 * Compresses, encrypts and writes, piece by piece: what is saved is never whole in memory, and nowhere on the disk as it
 * was. The file is on the disk when this resolves.
 * @throws Error as the system or `from` words it; what is written of the file stays
 */
export const seal = async (options: Options): Promise<Sealed> => {
  const { from, to, recipient, compression, signal, progress } = options
  const [plain, sealed] = [counted(), counted()]
  const file = await open(to, 'wx', 0o600)
  try {
    await pipeline(
      from,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          count(plain, chunk)
          yield chunk
        }
      },
      createGzip({ level: compression, chunkSize: piece }),
      (chunks: AsyncIterable<Buffer>) => recipient.encrypting(chunks),
      async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) {
          const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
          await writeAll(file, bytes, sealed.bytes)
          count(sealed, bytes)
          progress()
        }
      },
      { signal },
    )
    await file.sync()
  } finally {
    await file.close()
  }
  return {
    plainBytes: plain.bytes,
    plainSha256: plain.hash.digest('hex'),
    bytes: sealed.bytes,
    sha256: sealed.hash.digest('hex'),
  }
}

/**
 * Reads what was written again. What the system still holds in memory it does not fetch from the disk for this.
 * @throws Error where it is not what it was
 */
export const verifyFile = async (path: string, { bytes, sha256 }: Pick<Sealed, 'bytes' | 'sha256'>, options: Reading) =>
  verify(createReadStream(path, { highWaterMark: 1024 ** 2 }), { bytes, sha256 }, path, options)

interface Reading {
  readonly signal: AbortSignal
  readonly progress: () => void
}

/** @throws Error where what comes is not what was sent */
export const verify = async (
  from: Readable,
  { bytes, sha256 }: Pick<Sealed, 'bytes' | 'sha256'>,
  name: string,
  { signal, progress }: Reading,
): Promise<void> => {
  const found = counted()
  await pipeline(
    from,
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        count(found, chunk)
        progress()
      }
    },
    { signal },
  )
  if (found.bytes !== bytes) throw new Error(`${name} has ${found.bytes} bytes after it was written, not ${bytes}`)
  if (found.hash.digest('hex') !== sha256) throw new Error(`${name} is not what was written: its SHA-256 is another`)
}
