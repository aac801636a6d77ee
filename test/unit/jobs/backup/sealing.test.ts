import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decrypting, readIdentity } from '../../../../jobs/backup/decryption.ts'
import { opens, recipientOf } from '../../../../jobs/backup/encryption.ts'
import { seal, verifyFile } from '../../../../jobs/backup/seal.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealing-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const signal = new AbortController().signal
const progress = () => undefined

const chunks = async function* (count: number, size: number) {
  for (let n = 0; n < count; n++) yield Buffer.alloc(size, `${n} `)
}

test.each([
  ['nothing', 0, 0],
  ['one byte', 1, 1],
  ['exactly a piece of age', 1, 65_536],
  ['many pieces', 300, 40_000],
])('%s comes back as it was, and its sizes and checksums are told', async (_words, count, size) => {
  const identity = await generateX25519Identity()
  const recipient = await recipientOf(await identityToRecipient(identity))
  const to = join(folder, 'sealed')
  const sealed = await seal({ from: chunks(count, size), to, recipient, compression: 1, signal, progress })
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const kept = readFileSync(to)
  const plain = gunzipSync(await decrypter.decrypt(kept))
  expect([plain.length, kept.length]).toEqual([count * size, sealed.bytes])
  expect(sealed.plainBytes).toBe(count * size)
  await verifyFile(to, sealed, { signal, progress })
  writeFileSync(to, kept.fill(0, kept.length - 1))
  await expect(verifyFile(to, sealed, { signal, progress })).rejects.toThrow('is not what was written')
  writeFileSync(to, kept.subarray(1))
  await expect(verifyFile(to, sealed, { signal, progress })).rejects.toThrow('bytes after it was written')
})

const piece = 64 * 1024
test.each([0, 1, piece - 1, piece, piece + 1, 2 * piece, 5 * piece + 7])(
  '%i bytes are encrypted so that the library of age and what restores open them',
  async (size) => {
    const identity = await generateX25519Identity()
    const recipient = await recipientOf(await identityToRecipient(identity))
    const plain = randomBytes(size)
    for (const step of [1_000, piece, 200_000]) {
      const given = Array.from({ length: Math.ceil(size / step) }, (_, n) => plain.subarray(n * step, (n + 1) * step))
      const stored = Buffer.concat(await Readable.from(recipient.encrypting(Readable.from(given))).toArray())
      const decrypter = new Decrypter()
      decrypter.addIdentity(identity)
      expect(Buffer.from(await decrypter.decrypt(stored)).equals(plain)).toBe(true)
      const opened = await Readable.from([stored])
        .pipe(decrypting(readIdentity(identity)))
        .toArray()
      expect(Buffer.concat(opened).equals(plain)).toBe(true)
    }
  },
)

test('no two files have a key in common', async () => {
  const recipient = await recipientOf(await identityToRecipient(await generateX25519Identity()))
  const encrypted = async () => Buffer.concat(await Readable.from(recipient.encrypting(chunks(1, 10))).toArray())
  const [one, other] = [await encrypted(), await encrypted()]
  expect(one.length).toBe(other.length)
  expect(one.subarray(-26)).not.toEqual(other.subarray(-26))
})

test('whatever saves and fails in the middle fails the whole, and an abort ends it', async () => {
  const recipient = await recipientOf(await identityToRecipient(await generateX25519Identity()))
  const failing = async function* () {
    yield* chunks(20, 100_000)
    throw new Error('pg_dump ended with 1')
  }
  const options = { recipient, compression: 1, progress }
  await expect(seal({ ...options, from: failing(), to: join(folder, 'a'), signal })).rejects.toThrow(
    'pg_dump ended with 1',
  )
  const controller = new AbortController()
  const endless = async function* () {
    for (;;) {
      yield Buffer.alloc(100_000)
      await new Promise(setImmediate)
    }
  }
  const going = seal({ ...options, from: endless(), to: join(folder, 'b'), signal: controller.signal })
  controller.abort(new Error('it was told to stop'))
  await expect(going).rejects.toThrow()
})

test('a recipient that is none is told of without being repeated', async () => {
  await expect(recipientOf(`age1${'q'.repeat(58)}`)).rejects.toThrow('is no recipient of age')
})

test('whether a key opens what is for a recipient, also as age-keygen writes it', async () => {
  const [one, other] = [await generateX25519Identity(), await generateX25519Identity()]
  const recipient = await identityToRecipient(one)
  expect(await opens(`# created: now\n# public key: ${recipient}\n${one}\n`, recipient)).toBe(true)
  expect(await opens(other, recipient)).toBe(false)
  expect(await opens('nothing', recipient)).toBe(false)
})
