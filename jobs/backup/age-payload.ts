import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/**
 * The payload of age's format (C2SP, age-encryption.org/v1): a nonce, then pieces, each encrypted by ChaCha20-Poly1305. By
 * OpenSSL, which is twenty times as fast as the JavaScript of the library, whose headers these are.
 */

/** Bytes: of a piece of the text, of what shows that a piece is unaltered, of the nonce that makes each file's key its own, and of that key. */
export const sizes = { piece: 64 * 1024, tag: 16, nonce: 16, key: 32 } as const

const cipher = 'chacha20-poly1305'
const options = { authTagLength: sizes.tag } as const

/** The key of a payload. */
export const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', sizes.key))

/** Of each piece another: its number, and whether it is the last. */
const numbers = () => {
  let count = 0
  return (isLast: boolean) => {
    const number = Buffer.alloc(12)
    number.writeUIntBE(count++, 5, 6)
    number[11] = isLast ? 1 : 0
    return number
  }
}

/** Encrypts one piece after the other. */
export const sealing = (key: Buffer) => {
  const next = numbers()
  return (text: Uint8Array, isLast: boolean): readonly Uint8Array[] => {
    const sealed = createCipheriv(cipher, key, next(isLast), options)
    return [sealed.update(text), sealed.final(), sealed.getAuthTag()]
  }
}

/** Decrypts them in the same order. Throws where one is not what was encrypted. */
export const opening = (key: Buffer) => {
  const next = numbers()
  return (sealed: Buffer, isLast: boolean): Buffer => {
    const opened = createDecipheriv(cipher, key, next(isLast), options)
    const end = sealed.length - sizes.tag
    opened.setAuthTag(sealed.subarray(end))
    const text = opened.update(sealed.subarray(0, end))
    opened.final()
    return text
  }
}
