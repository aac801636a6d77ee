import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { BackupSettings } from '../../config/backup.ts'
import { type BucketAddress, namedFailure, nameOf } from './bucket-failure.ts'
import type { Kind } from './manifest.ts'
import type { Kept, Place } from './place.ts'

/** What was sent of a file that is not there whole yet. */
export interface Upload {
  readonly name: string
  readonly id: string
}

interface Sending {
  readonly name: string
  /** The file that is sent. */
  readonly path: string
  readonly bytes: number
  /** Of the file, kept beside it. */
  readonly sha256: string
  /** Called before the first part is sent: what is told here is what has to be abandoned where this never ends. */
  readonly begun: (upload: Upload) => Promise<void>
  readonly progress: () => void
}

/** Backups in a bucket: below the prefix a folder for each kind. Whatever fails is told with what to do. */
export interface Bucket extends Place {
  /** Whether nothing at all is below the prefix. */
  isEmpty(signal: AbortSignal): Promise<boolean>
  /** When a name got its content, in milliseconds of Unix time. */
  ages(kind: Kind, signal: AbortSignal): Promise<ReadonlyMap<string, number>>
  /** Undefined where there is none of that name. */
  read(kind: Kind, name: string, signal: AbortSignal): Promise<string | undefined>
  write(kind: Kind, name: string, text: string, signal: AbortSignal): Promise<void>
  /** In parts, each again where it fails. Nothing has the name before all of it is there; where it fails the parts go. */
  send(kind: Kind, sending: Sending, signal: AbortSignal): Promise<void>
  remove(kind: Kind, name: string, signal: AbortSignal): Promise<void>
  /** Removes the parts of an upload that nobody ends any more; one that is gone is well. */
  abandon(kind: Kind, upload: Upload, signal: AbortSignal): Promise<void>
  /** Uploads of a kind that nobody ended, with when they began. None where the server does not tell. */
  unfinished(kind: Kind, signal: AbortSignal): Promise<readonly (Upload & { readonly began: number })[]>
  close(): void
}

/** Parts that are sent at a time; each is in memory meanwhile. */
const lanes = 2
/** S3 takes no more. */
const mostParts = 10_000
/** Milliseconds in which a connection has to be there, and in which something has to come over it. */
const limits = { connect: 10_000, silence: 60_000 }

/** Nothing is connected before it is asked. */
export const openBucket = (address: BucketAddress, { partBytes, attempts }: BackupSettings['upload']): Bucket => {
  const { bucket, prefix, region, endpoint, accessKeyId, secretAccessKey } = address
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: attempts,
    // Checksums of Amazon's own that other servers than its refuse, or keep as a part of the content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: limits.connect, socketTimeout: limits.silence },
  })
  const folder = (kind: Kind) => `${prefix}/${kind}/`
  const at = (kind: Kind, name: string) => ({ Bucket: bucket, Key: folder(kind) + name })
  const words = `bucket ${bucket}, below ${prefix}/`
  const told = <T>(what: string, signal: AbortSignal, work: Promise<T>) =>
    work.catch((cause: unknown) => {
      signal.throwIfAborted()
      throw namedFailure(cause, `could not ${what} ${words}`, address)
    })
  const objects = async (kind: Kind, abortSignal: AbortSignal) => {
    const found: (Kept & { readonly changed: number })[] = []
    let ContinuationToken: string | undefined
    do {
      const query = { Bucket: bucket, Prefix: folder(kind), ContinuationToken }
      const page = await client.send(new ListObjectsV2Command(query), { abortSignal })
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        found.push({
          name: Key.slice(folder(kind).length),
          bytes: Size,
          changed: LastModified?.getTime() ?? Date.now(),
        })
      }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return found
  }
  const get = async (kind: Kind, name: string, abortSignal: AbortSignal) => {
    const { Body } = await client.send(new GetObjectCommand(at(kind, name)), { abortSignal })
    if (Body instanceof Readable) return Body
    throw new Error(`${name} came without a content`)
  }
  return {
    place: 'remote',
    words,
    list: (kind, signal) => told('list', signal, objects(kind, signal)),
    open: (kind, name, signal) => told(`read ${name} of`, signal, get(kind, name, signal)),
    isEmpty: async (abortSignal) => {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/`, MaxKeys: 1 })
      const { Contents = [] } = await told('list', abortSignal, client.send(command, { abortSignal }))
      return Contents.length === 0
    },
    ages: async (kind, signal) => {
      const all = await told('list', signal, objects(kind, signal))
      return new Map(all.map(({ name, changed }) => [name, changed]))
    },
    read: async (kind, name, signal) => {
      try {
        const chunks: Buffer[] = []
        for await (const chunk of await get(kind, name, signal)) chunks.push(chunk)
        return Buffer.concat(chunks).toString()
      } catch (cause) {
        if (nameOf(cause) === 'NoSuchKey') return undefined
        return told(`read ${name} of`, signal, Promise.reject(cause))
      }
    },
    write: async (kind, name, text, abortSignal) => {
      const Body = Buffer.from(text)
      const put = new PutObjectCommand({ ...at(kind, name), Body, ContentMD5: md5(Body) })
      await told(`write ${name} to`, abortSignal, client.send(put, { abortSignal }))
    },
    send: async (kind, sending, signal) => {
      const part = Math.max(partBytes, Math.ceil(sending.bytes / mostParts))
      const target = at(kind, sending.name)
      await told(`write ${sending.name} to`, signal, sendParts({ client, target, part, sending, signal }))
    },
    remove: async (kind, name, abortSignal) => {
      const command = new DeleteObjectCommand(at(kind, name))
      await told(`remove ${name} from`, abortSignal, client.send(command, { abortSignal }))
    },
    abandon: async (kind, { name, id }, abortSignal) => {
      const command = new AbortMultipartUploadCommand({ ...at(kind, name), UploadId: id })
      const ended = client.send(command, { abortSignal }).catch((cause: unknown) => {
        if (nameOf(cause) !== 'NoSuchUpload') throw cause
      })
      await told(`remove the parts of ${name} from`, abortSignal, ended)
    },
    unfinished: async (kind, abortSignal) => {
      const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: folder(kind) })
      const listed = client.send(command, { abortSignal }).catch((cause: unknown) => {
        if (nameOf(cause) === 'NotImplemented') return undefined
        throw cause
      })
      const found = await told('list the uploads of', abortSignal, listed)
      return (found?.Uploads ?? []).flatMap(({ Key, UploadId, Initiated }) =>
        Key === undefined || UploadId === undefined
          ? []
          : [{ name: Key.slice(folder(kind).length), id: UploadId, began: Initiated?.getTime() ?? Date.now() }],
      )
    },
    close: () => client.destroy(),
  }
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('base64')

interface Parts {
  readonly client: S3Client
  readonly target: { readonly Bucket: string; readonly Key: string }
  /** Bytes of each but the last. */
  readonly part: number
  readonly sending: Sending
  readonly signal: AbortSignal
}

const sendParts = async ({ client, target, part, sending, signal }: Parts) => {
  const { path, bytes, sha256, progress } = sending
  const file = await open(path, 'r')
  try {
    const Metadata = { sha256 }
    if (bytes <= part) {
      const Body = await pieceOf(file, 0, bytes)
      const put = new PutObjectCommand({ ...target, Body, ContentMD5: md5(Body), Metadata })
      await client.send(put, { abortSignal: signal })
      return progress()
    }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, Metadata }), {
      abortSignal: signal,
    })
    if (UploadId === undefined) throw new Error('the server began no upload')
    const upload = { ...target, UploadId }
    try {
      await sending.begun({ name: sending.name, id: UploadId })
      const Parts = await inLanes(Math.ceil(bytes / part), async (index) => {
        const Body = await pieceOf(file, index * part, Math.min(part, bytes - index * part))
        const command = new UploadPartCommand({ ...upload, PartNumber: index + 1, Body, ContentMD5: md5(Body) })
        const { ETag } = await client.send(command, { abortSignal: signal })
        progress()
        return { PartNumber: index + 1, ETag }
      })
      const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
      await client.send(complete, { abortSignal: signal })
    } catch (cause) {
      // Also where the run was stopped, and its signal is of no use any more.
      const abort = new AbortMultipartUploadCommand(upload)
      await client.send(abort, { abortSignal: AbortSignal.timeout(limits.connect) }).catch(() => undefined)
      throw cause
    }
  } finally {
    await file.close()
  }
}

const pieceOf = async (file: FileHandle, from: number, length: number) => {
  const bytes = Buffer.alloc(length)
  let taken = 0
  while (taken < length) {
    const { bytesRead } = await file.read(bytes, taken, length - taken, from + taken)
    if (bytesRead === 0) throw new Error('the file became shorter while it was sent')
    taken += bytesRead
  }
  return bytes
}

/** Does all of them, so many at a time; the first that fails lets none begin any more. */
const inLanes = async <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> => {
  const done = new Array<T>(count)
  let next = 0
  let failed = false
  const lane = async () => {
    while (next < count && !failed) {
      const index = next++
      try {
        done[index] = await work(index)
      } catch (cause) {
        failed = true
        throw cause
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return done
}
