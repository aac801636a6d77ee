import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'

/** For whom backups are encrypted: whoever has the other half of the key can read them, and nobody else. */
export interface Recipient {
  /** Encrypts as age does, piece by piece: `age -d -i key` opens it. */
  encrypting(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
}

/**
 * @param key the public half: `age1...`
 * @throws Error saying that it is none
 */
export const recipientOf = async (key: string): Promise<Recipient> => {
  const encrypter = new Encrypter()
  try {
    encrypter.addRecipient(key)
    // A key that is none may be found out only where it is used.
    await encrypter.encrypt(new Uint8Array())
  } catch (cause) {
    throw new Error('is no recipient of age: a letter of it is wrong, or some are missing', { cause })
  }
  return {
    async *encrypting(plain) {
      yield* await encrypter.encrypt(sparing(plain))
    },
  }
}

/** As a web stream that takes no piece before somebody asks for it: Node's own conversion would take any number of them. */
const sparing = (chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> => {
  const source = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (to) => {
        const { done, value } = await source.next()
        if (done === true) to.close()
        else to.enqueue(value)
      },
      cancel: async () => {
        await source.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** A new key, as age-keygen makes one. */
export const newIdentity = (): Promise<string> => generateX25519Identity()

/** The public half of a key. */
export const publicHalfOf = (identity: string): Promise<string> => identityToRecipient(identity)

/**
 * Whether a key opens what is encrypted for a recipient.
 * @param identity a key, or all that age-keygen writes
 */
export const opens = async (identity: string, recipient: string): Promise<boolean> => {
  const keys = identity.split('\n').map((line) => line.trim())
  const found = await Promise.all(
    // A line that is no key is told of by whoever needs the key.
    keys.filter((line) => line.startsWith('AGE-SECRET-KEY-')).map((key) => identityToRecipient(key).catch(() => '')),
  )
  return found.includes(recipient)
}
