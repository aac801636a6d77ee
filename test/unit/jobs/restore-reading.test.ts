import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, it } from 'vitest'
import { readIdentity } from '../../../jobs/backup/decryption.ts'
import { type Manifest, namesOf, parseName, readManifest, writeManifest } from '../../../jobs/backup/manifest.ts'
import { completeIn, manifestIn, type Place } from '../../../jobs/backup/place.ts'
import { checkKey, openBackup } from '../../../jobs/backup/reading.ts'

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const taken = Date.parse('2026-11-26T02:15:00.123Z')
const names = namesOf('database', taken)
const { signal } = new AbortController()

const encrypted = async (bytes: Uint8Array, recipient: string) => {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return Buffer.from(await encrypter.encrypt(bytes))
}

/** A place in memory; in pieces, as a disk or a network gives them. */
const memory = (files: Readonly<Record<string, Buffer | string>>, piece = 7_000): Place => ({
  place: 'local',
  words: '/somewhere',
  list: async () => Object.entries(files).map(([name, { length }]) => ({ name, bytes: length })),
  open: async (_kind, name) => {
    const bytes = Buffer.from(files[name] ?? '')
    return Readable.from(
      Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) => bytes.subarray(i * piece, (i + 1) * piece)),
      { objectMode: false },
    )
  },
})

const describing = (stored: Buffer, plain: Buffer): Manifest => ({
  version: 1,
  kind: 'database',
  taken: new Date(taken).toISOString(),
  started: '2026-11-26T02:15:00.000Z',
  ended: '2026-11-26T02:16:00.000Z',
  file: names.file,
  bytes: stored.length,
  sha256: digest(stored),
  plainBytes: plain.length,
  plainSha256: digest(plain),
  program: 'pg_dump 17.11',
  source: { systemIdentifier: '7', database: 'techplus', serverVersion: '17.10' },
  contents: { tables: [], constraints: [], unvalidated: [], indexes: [], invalid: [], newestReservation: null },
})

// Of a whole number of the pieces that age encrypts, which ends otherwise than any other.
const plain = randomBytes(3 * 64 * 1024)
let key: string
let stored: Buffer
let manifest: Manifest
beforeAll(async () => {
  key = await generateX25519Identity()
  stored = await encrypted(gzipSync(plain), await identityToRecipient(key))
  manifest = describing(stored, plain)
})

const read = async (bytes: Buffer, { as = manifest, identity = key, piece = 7_000 } = {}) => {
  const place = memory({ [names.file]: bytes }, piece)
  const chunks: Buffer[] = []
  const stream = await openBackup({ place, manifest: as, identity: readIdentity(identity), signal })
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const flipped = (bytes: Buffer, at: number) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)))
const why = (name: string) => expect.objectContaining({ why: name, message: expect.stringContaining(names.file) })

describe('a backup that is read back', () => {
  it.each([10, 65_551, 65_552, 1_000_000])('is what was saved, in pieces of %i bytes', async (piece) => {
    expect((await read(stored, { piece })).equals(plain)).toBe(true)
  })

  it.each([0, 1, 65_535, 65_536, 65_537])(
    'is what was saved where that has %i bytes after compression',
    async (size) => {
      // Random bytes do not get smaller: gzip puts a few around them, and size is searched for.
      const wanted = randomBytes(Math.max(0, size - 28))
      const whole = await encrypted(gzipSync(wanted), await identityToRecipient(key))
      expect((await read(whole, { as: describing(whole, wanted) })).equals(wanted)).toBe(true)
    },
  )

  it('takes the key as age-keygen writes it', async () => {
    const file = `# created: 2026-11-26T00:00:00Z\n# public key: ${await identityToRecipient(key)}\n${key}\n`
    expect((await read(stored, { identity: file })).equals(plain)).toBe(true)
  })

  it('tells of another key', async () => {
    const other = await generateX25519Identity()
    await expect(read(stored, { identity: other })).rejects.toEqual(why('wrong key'))
    const place = memory({ [names.file]: stored }, 50)
    await expect(checkKey({ place, manifest, identity: readIdentity(other), signal })).rejects.toEqual(why('wrong key'))
    await checkKey({ place, manifest, identity: readIdentity(key), signal })
  })

  it('tells where it was cut off, wherever that is', async () => {
    const cuts = [0, 10, 150, 250, 65_000, 131_500, stored.length - 16, stored.length - 1]
    for (const cut of cuts) await expect(read(stored.subarray(0, cut)), String(cut)).rejects.toEqual(why('truncated'))
  })

  it('tells where it was altered, wherever that is', async () => {
    // A changed letter of the line with the key's own part cannot be told from another key.
    const other = Buffer.from(stored)
    // Another letter that stands in such a line: one that never does shows that the header was altered.
    other[100] = 'B'.charCodeAt(0) === stored[100] ? 'C'.charCodeAt(0) : 'B'.charCodeAt(0)
    await expect(read(other)).rejects.toEqual(why('wrong key'))
    const places = [180, 230, 70_000, stored.length - 1]
    for (const at of places) await expect(read(flipped(stored, at)), String(at)).rejects.toEqual(why('altered'))
    await expect(read(Buffer.concat([stored, Buffer.from('x')]))).rejects.toEqual(why('altered'))
  })

  it('tells where the bytes are of another backup of the same length', async () => {
    // Of the same content, so that gzip makes as many bytes of it: under another key of its own they are others.
    const theirs = await encrypted(gzipSync(plain), await identityToRecipient(key))
    expect(theirs).not.toEqual(stored)
    expect(theirs.length).toBe(stored.length)
    await expect(read(theirs)).rejects.toEqual(why('altered'))
  })

  it('tells where what was saved is not what the manifest tells, although the file is', async () => {
    const other = { ...manifest, plainSha256: digest(randomBytes(1)) }
    await expect(read(stored, { as: other })).rejects.toEqual(why('altered'))
    const shorter = await encrypted(plain, await identityToRecipient(key))
    await expect(read(shorter, { as: describing(shorter, plain) })).rejects.toEqual(why('altered'))
  })

  it('tells where it is no backup', async () => {
    const text = Buffer.from('-- PostgreSQL database dump\n'.repeat(10))
    await expect(read(text, { as: describing(text, plain) })).rejects.toEqual(why('not ours'))
  })

  it('hands on what ends it from outside', async () => {
    const place: Place = {
      ...memory({}),
      open: async () =>
        Readable.from(
          (async function* () {
            yield stored.subarray(0, 70_000)
            throw new Error('socket hang up')
          })(),
          { objectMode: false },
        ),
    }
    const stream = await openBackup({ place, manifest, identity: readIdentity(key), signal })
    await expect(stream.toArray()).rejects.toThrow(`could not read ${names.file} of /somewhere: socket hang up`)
  })
})

describe('a key', () => {
  it.each(['', '# nothing', 'secret', 'AGE-SECRET-KEY-1NONSENSE'])('that is none is not repeated: %s', (text) => {
    expect(() => readIdentity(text)).toThrow(/no key of age/)
    if (text) expect(() => readIdentity(text)).not.toThrow(new RegExp(text.slice(-8)))
  })
})

describe('the names of a backup', () => {
  it('tell its kind and its moment', () => {
    expect(names).toEqual({
      file: 'database-20261126T021500Z.dump.gz.age',
      manifest: 'database-20261126T021500Z.manifest.json',
    })
    expect(parseName(names.file)).toEqual({ kind: 'database', taken: Date.parse('2026-11-26T02:15:00Z'), part: 'file' })
    expect(parseName(names.manifest)?.part).toBe('manifest')
    expect(parseName(namesOf('configuration', taken).file)?.kind).toBe('configuration')
  })

  it.each([
    '.tmp-database-20261126T021500Z.dump.gz.age',
    'database-20261126T021500Z.tar.gz.age',
    'database-20261326T021500Z.dump.gz.age',
    'database-20260230T021500Z.dump.gz.age',
    'database-20261126T021500Z.dump.gz.age.part',
    'tables-20261126T021500Z.manifest.json',
    'database-x.manifest.json',
    'README',
  ])('are not %s', (name) => expect(parseName(name)).toBeUndefined())
})

describe('a manifest', () => {
  it('is read as it was written', () => expect(readManifest(writeManifest(manifest))).toEqual(manifest))

  it('is refused where it tells of a file elsewhere, or is none', () => {
    expect(() => readManifest(writeManifest({ ...manifest, file: '../../etc/passwd' }))).toThrow('another file')
    expect(() => readManifest('{')).toThrow('it is no JSON')
    expect(() => readManifest('{"kind":"database"}')).toThrow('version')
  })

  it('is found by its name alone, the newest first', async () => {
    const older = namesOf('database', taken - 86_400_000)
    const place = memory({
      [older.manifest]: writeManifest({
        ...manifest,
        taken: new Date(taken - 86_400_000).toISOString(),
        file: older.file,
      }),
      [names.file]: stored,
      [names.manifest]: writeManifest(manifest),
      // Its manifest is not there: it is not complete.
      [namesOf('database', taken + 86_400_000).file]: stored,
      [namesOf('redis', taken).manifest]: '{}',
    })
    const found = await completeIn(place, 'database', signal)
    expect(found.map(({ manifest: name }) => name)).toEqual([names.manifest, older.manifest])
    const [newest] = found
    if (newest) expect(await manifestIn(place, newest, signal)).toEqual(manifest)
    const damaged = memory({ [names.manifest]: 'no' })
    await expect(manifestIn(damaged, { kind: 'database', taken, manifest: names.manifest }, signal)).rejects.toThrow(
      `${names.manifest} of /somewhere is damaged: it is no JSON`,
    )
  })
})
