import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startProcess } from '../../../compose/local/process.ts'
import type { Kind } from '../../../jobs/backup/manifest.ts'
import { freePort } from '../../integration/servers.ts'
import type { Shop } from './case.ts'

export const bucketName = 'techplus-backups'
const prefix = 'techplus'
const ending = '._S3rver_object'

export const listed = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** What happens to the bytes of an object on their way to whoever reads it: one of them is turned, or half are lost. Or nobody may remove one. */
export type Mischief = 'altered' | 'truncated' | 'kept'

/**
 * A server that speaks S3, with one bucket: s3rver, and before it what it does not know, which is to end an upload, and to
 * tell of those that nobody ended.
 */
export const startS3 = async (shop: Shop) => {
  const [port, inner] = [await freePort(), await freePort()]
  const folder = join(shop.folder, `s3-${port}`)
  mkdirSync(folder)
  const program = join(dirname(createRequire(import.meta.url).resolve('s3rver/package.json')), 'bin', 's3rver.js')
  const start = async () =>
    shop.keep(
      await startProcess({
        name: 'S3',
        home: join(folder, 'server'),
        command: process.execPath,
        args: [program, '-d', folder, '-a', '127.0.0.1', '-p', String(inner), '--configure-bucket', bucketName],
        cwd: folder,
        ready: () => fetch(`http://127.0.0.1:${inner}`).then(Boolean, () => false),
      }),
    )
  const server = await start()
  const uploadsFolder = join(folder, bucketName, '._S3rver_uploads')
  const uploads = () => listed(uploadsFolder)
  const state: { mischief: Mischief | undefined; aborted: number } = { mischief: undefined, aborted: 0 }
  const front = createServer((asked, answer) => {
    const { searchParams } = new URL(asked.url ?? '/', 'http://s3')
    const id = searchParams.get('uploadId')
    if (asked.method === 'DELETE' && state.mischief === 'kept') {
      return void answer.writeHead(403, { 'content-type': 'application/xml' }).end(denied)
    }
    if (asked.method === 'DELETE' && id !== null) {
      rmSync(join(uploadsFolder, id), { recursive: true, force: true })
      state.aborted++
      return void answer.writeHead(204).end()
    }
    if (asked.method === 'GET' && searchParams.has('uploads')) {
      return void answer.writeHead(200, { 'content-type': 'application/xml' }).end(uploadsText(uploadsFolder))
    }
    forward(asked, answer, inner, /\.age$/.test(asked.url?.split('?')[0] ?? '') ? state.mischief : undefined)
  })
  await new Promise<void>((resolve) => front.listen(port, '127.0.0.1', resolve).unref())
  /** Where the content of each object of a kind is, by its name. */
  const objects = (kind: Kind): ReadonlyMap<string, string> => {
    const own = join(folder, bucketName, prefix, kind)
    const names = listed(own).filter((name) => name.endsWith(ending))
    return new Map(names.map((name) => [name.slice(0, -ending.length), join(own, name)]))
  }
  return {
    ...server,
    again: start,
    url: `http://127.0.0.1:${port}`,
    objects,
    uploads,
    /** Parts of uploads that nobody ended. */
    parts: () => uploads().flatMap((id) => listed(join(uploadsFolder, id)).filter((name) => /^\d+$/.test(name))),
    /** Uploads that were ended by whoever began them, or by the next run. */
    aborted: () => state.aborted,
    /** From now on. */
    mischief: (what: Mischief | undefined) => {
      state.mischief = what
    },
  }
}

export type S3 = Awaited<ReturnType<typeof startS3>>

const denied = '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'

const uploadsText = (folder: string) => {
  const one = (id: string) => {
    const key = readFileSync(join(folder, id, 'key'), 'utf8')
    const began = statSync(join(folder, id, 'key')).mtime.toISOString()
    return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${began}</Initiated></Upload>`
  }
  const all = listed(folder).map(one).join('')
  return `<?xml version="1.0"?><ListMultipartUploadsResult><Bucket>${bucketName}</Bucket>${all}</ListMultipartUploadsResult>`
}

const forward = (asked: IncomingMessage, answer: ServerResponse, port: number, mischief: Mischief | undefined) => {
  const { method, url, headers } = asked
  const lost = () => void answer.destroy()
  const passed = request({ host: '127.0.0.1', port, method, path: url, headers }, (found) => {
    answer.writeHead(found.statusCode ?? 502, found.headers)
    if (asked.method === 'GET' && mischief === 'truncated') return void found.once('data', lost)
    pipeline(
      found,
      asked.method === 'GET' && mischief === 'altered' ? altering() : new Transform({ transform: same }),
      answer,
    ).catch(lost)
  })
  passed.once('error', lost)
  pipeline(asked, passed).catch(lost)
}

const same: NonNullable<ConstructorParameters<typeof Transform>[0]>['transform'] = (chunk, _encoding, done) =>
  done(null, chunk)

/** One bit of the last byte of the first chunk. */
const altering = () => {
  let done = false
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      const copy = Buffer.from(chunk)
      if (!done) copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1)
      done = true
      next(null, copy)
    },
  })
}
