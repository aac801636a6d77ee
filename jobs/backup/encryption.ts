import { randomBytes } from 'node:crypto'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { payloadKey, sealing, sizes } from './age-payload.ts'

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
  try {
    // A key that is none may be found out only where it is used.
    await begun(key)
  } catch (cause) {
    throw new Error('is no recipient of age: a letter of it is wrong, or some are missing', { cause })
  }
  return {
    async *encrypting(plain) {
      const { header, fileKey } = await begun(key)
      const nonce = randomBytes(sizes.nonce)
      yield Buffer.concat([header, nonce])
      const seal = sealing(payloadKey(fileKey, nonce))
      let kept: Buffer = Buffer.alloc(0)
      for await (const chunk of plain) {
        kept = Buffer.concat([kept, chunk])
        const whole: Uint8Array[] = []
        // The last piece is known by the end alone, and is empty only where there is nothing at all.
        for (; kept.length > sizes.piece; kept = kept.subarray(sizes.piece)) {
          whole.push(...seal(kept.subarray(0, sizes.piece), false))
        }
        if (whole.length > 0) yield Buffer.concat(whole)
      }
      yield Buffer.concat(seal(kept, true))
    },
  }
}

/** The header of a new file, and the key that it holds for the recipient. */
const begun = async (key: string) => {
  const encrypter = new Encrypter()
  let fileKey: Uint8Array = new Uint8Array()
  encrypter.addRecipient(key)
  // A second recipient, which writes nothing: the library tells the key of a file to nobody else.
  encrypter.addRecipient({
    wrapFileKey: (given) => {
      fileKey = Uint8Array.from(given)
      return []
    },
  })
  const empty = await encrypter.encrypt(new Uint8Array())
  return { header: empty.subarray(0, empty.length - sizes.nonce - sizes.tag), fileKey }
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
