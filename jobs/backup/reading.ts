import { createHash } from 'node:crypto'
import { pipeline, Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { wordsOf } from '../../exporters/failure.ts'
import { begin, decrypting, type Identity, Unreadable } from './decryption.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './place.ts'

interface Stored {
  readonly place: Place
  readonly manifest: Manifest
  readonly identity: Identity
  readonly signal: AbortSignal
}

interface Options extends Stored {
  /** Called for every piece that came. */
  readonly progress?: () => void
}

/**
 * What was saved, as it was before it was compressed and encrypted. All of it was checked once it has ended: whoever
 * needs it whole waits for the end before he believes it. No byte comes out that was altered since it was encrypted.
 * It ends with `Unreadable` naming the file, what is wrong (altered, truncated, for another key, not ours) and what to do.
 * @throws Error where it cannot be had at all
 */
export const openBackup = async ({ place, manifest, identity, signal, progress }: Options): Promise<Readable> => {
  const { kind, file, bytes, sha256, plainBytes, plainSha256 } = manifest
  const stored = await place.open(kind, file, signal)
  const plain = pipeline(
    stored,
    checked({ bytes, sha256 }, 'it', progress),
    decrypting(identity),
    createGunzip({ chunkSize: piece }),
    checked({ bytes: plainBytes, sha256: plainSha256 }, 'what it holds', progress),
    // Whoever reads is told by the stream.
    () => undefined,
  )
  const told = async function* () {
    try {
      yield* plain
    } catch (cause) {
      throw signal.aborted ? cause : named(cause, manifest, place)
    } finally {
      stored.destroy()
    }
  }
  return Readable.from(told(), { objectMode: false })
}

/**
 * Looks at its first bytes: whether it is there, is a backup, and opens with this key.
 * @throws as `openBackup` does, and what it gives
 */
export const checkKey = async ({ place, manifest, identity, signal }: Stored): Promise<void> => {
  const stored = await place.open(manifest.kind, manifest.file, signal)
  try {
    let head = Buffer.alloc(0)
    for await (const chunk of stored) {
      head = Buffer.concat([head, chunk])
      if (await begin(head, identity)) return
    }
    throw new Unreadable('truncated', `it has ${head.length} bytes of ${manifest.bytes}`)
  } catch (cause) {
    throw signal.aborted ? cause : named(cause, manifest, place)
  } finally {
    stored.destroy()
  }
}

/** Bytes that gunzip gives on at a time: its usual 16 KiB cost a turn of the event loop each. */
const piece = 256 * 1024

interface Known {
  readonly bytes: number
  readonly sha256: string
}

/** Lets everything through, and fails where it is not what is known of it. */
const checked = ({ bytes, sha256 }: Known, it: string, progress: () => void = () => undefined) => {
  const hash = createHash('sha256')
  let taken = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      taken += chunk.length
      hash.update(chunk)
      progress()
      if (taken > bytes)
        done(new Unreadable('altered', `${it} has more than the ${bytes} bytes that its manifest tells of`))
      else done(null, chunk)
    },
    flush(done) {
      if (taken < bytes) done(new Unreadable('truncated', `${it} has ${taken} bytes of ${bytes}`))
      else if (hash.digest('hex') !== sha256)
        done(new Unreadable('altered', `${it} has another SHA-256 than its manifest tells`))
      else done()
    },
  })
}

const remedies: Readonly<Record<Unreadable['why'], string>> = {
  'wrong key': 'Set BACKUP_IDENTITY to the key whose public half was BACKUP_RECIPIENT when it was taken',
  truncated: 'Do not restore it: take another backup, and look for what cut it off',
  altered: 'Do not restore it: take another backup, and look for who or what altered it',
  'not ours': 'Look who wrote it, and take another backup',
}

const named = (cause: unknown, { file }: Manifest, place: Place) => {
  const where = `${file} of ${place.words}`
  if (cause instanceof Unreadable) {
    return new Unreadable(cause.why, `${where} is ${words[cause.why]}: ${cause.message}. ${remedies[cause.why]}`, {
      cause,
    })
  }
  // What it is compressed with: the encryption tells that nobody altered it since.
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return code.startsWith('Z_')
    ? new Unreadable('altered', `${where} is not what was saved: ${wordsOf(cause)}. ${remedies.altered}`, { cause })
    : new Error(`could not read ${where}: ${wordsOf(cause)}`, { cause })
}

const words: Readonly<Record<Unreadable['why'], string>> = {
  'wrong key': 'for another key',
  truncated: 'truncated',
  altered: 'altered',
  'not ours': 'no backup',
}
