import { Transform } from 'node:stream'
import { Decrypter } from 'age-encryption'
import { opening, payloadKey, sizes } from './age-payload.ts'

/** Why a backup cannot be read. */
export class Unreadable extends Error {
  readonly why: 'wrong key' | 'truncated' | 'altered' | 'not ours'
  constructor(why: Unreadable['why'], words: string, options?: ErrorOptions) {
    super(words, options)
    this.why = why
  }
}

/** Keys of age, any of which may open a file. */
export interface Identity {
  /** What a file is encrypted with, from its header. */
  fileKey(header: Buffer): Promise<Uint8Array>
}

/**
 * @param text the key, or all that age-keygen writes: a key on each line, and comments
 * @throws Error saying that it is none, without a word of it
 */
export const readIdentity = (text: string): Identity => {
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const decrypter = new Decrypter()
  try {
    for (const key of keys) decrypter.addIdentity(key)
  } catch {
    // What the library says of it may repeat it.
    throw new Error('is no key of age: write what age-keygen wrote, with the line that begins with AGE-SECRET-KEY-1')
  }
  if (keys.length === 0) throw new Error('holds no key of age: the line that begins with AGE-SECRET-KEY-1 is missing')
  return { fileKey: (header) => decrypter.decryptHeader(header) }
}

const first = Buffer.from('age-encryption.org/v1\n')
/** Begins the last line of a header. */
const last = Buffer.from('\n---')
/** Bytes. A header with one recipient has 200. */
const longestHeader = 64 * 1024

interface Begun {
  readonly key: Buffer
  readonly rest: Buffer
}

/**
 * Reads the header of a file in the format of age.
 * @returns undefined where it has not come whole yet
 * @throws Unreadable where it is none, or for another key
 */
export const begin = async (bytes: Buffer, identity: Identity): Promise<Begun | undefined> => {
  const length = Math.min(bytes.length, first.length)
  const end = bytes.indexOf(last)
  const endOfLine = end < 0 ? -1 : bytes.indexOf('\n', end + last.length)
  if (!bytes.subarray(0, length).equals(first.subarray(0, length)) || (endOfLine < 0 && bytes.length > longestHeader)) {
    throw new Unreadable('not ours', 'it is no file of age')
  }
  const body = endOfLine + 1
  if (endOfLine < 0 || bytes.length < body + sizes.nonce) return undefined
  const fileKey = await identity.fileKey(bytes.subarray(0, body)).catch((cause: unknown) => {
    if (cause instanceof Error && cause.message.startsWith('no identity matched')) {
      throw new Unreadable('wrong key', 'it was encrypted for another key, or its first lines were altered')
    }
    throw new Unreadable('altered', 'its header was altered', { cause })
  })
  const nonce = bytes.subarray(body, body + sizes.nonce)
  return {
    key: payloadKey(fileKey, nonce),
    rest: bytes.subarray(body + sizes.nonce),
  }
}

/** Opens the pieces of a file in their order; none comes out that was altered. */
const pieces = (key: Buffer) => {
  const open = opening(key)
  return (sealed: Buffer, isLast: boolean) => {
    try {
      return open(sealed, isLast)
    } catch (cause) {
      const why = isLast ? 'truncated' : 'altered'
      throw new Unreadable(why, isLast ? 'its end is missing, or was altered' : 'it was altered', { cause })
    }
  }
}

/** From what age wrote to what it was given. Ends with `Unreadable` where it was altered, truncated or is for another key. */
export const decrypting = (identity: Identity): Transform => {
  const sealed = sizes.piece + sizes.tag
  let open: ReturnType<typeof pieces> | undefined
  let kept: Buffer = Buffer.alloc(0)
  const take = async (chunk: Buffer, push: (text: Buffer) => void) => {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    if (!open) {
      const begun = await begin(kept, identity)
      if (!begun) return
      open = pieces(begun.key)
      kept = begun.rest
    }
    // The last piece is known by the end alone.
    while (kept.length > sealed) {
      push(open(kept.subarray(0, sealed), false))
      kept = kept.subarray(sealed)
    }
  }
  return new Transform({
    transform(chunk, _encoding, done) {
      take(chunk, (text) => this.push(text)).then(() => done(), done)
    },
    flush(done) {
      try {
        if (!open || kept.length < sizes.tag) throw new Unreadable('truncated', 'its end is missing')
        this.push(open(kept, true))
        done()
      } catch (cause) {
        done(cause instanceof Error ? cause : new Error(String(cause)))
      }
    },
  })
}
