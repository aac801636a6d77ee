import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Header, pack } from 'tar-stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { unpack } from '../../../jobs/restore-test/archive.ts'
import { fileFaults, linkFaults } from '../../../jobs/restore-test/faults.ts'

let above: string
let folder: string
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'archive-'))
  folder = mkdtempSync(join(above, 'in-'))
})
afterEach(() => rmSync(above, { recursive: true, force: true }))

type Entry = Partial<Header> & Pick<Header, 'name'>

const tar = async (entries: readonly (readonly [header: Entry, content?: string])[]) => {
  const archive = pack()
  for (const [header, content] of entries) archive.entry(header, content ?? '')
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
const unpacked = async (bytes: Buffer) =>
  unpack({
    plain: Readable.from([bytes], { objectMode: false }),
    folder,
    signal: new AbortController().signal,
    progress: () => undefined,
  })
const all = () => readdirSync(above, { recursive: true }).map(String).toSorted()
const sha256OfOne = '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'

it('unpacks files and folders for nobody but us, and tells what they are', async () => {
  const found = await unpacked(
    await tar([
      [{ name: 'etc/', type: 'directory', mode: 0o755 }],
      [{ name: 'etc/nginx.conf', mode: 0o640 }, '1'],
      [{ name: 'srv/run', mode: 0o4755 }, '1'],
    ]),
  )
  const one = { bytes: 1, sha256: sha256OfOne }
  expect(found).toEqual({
    files: new Map([
      ['etc/nginx.conf', { ...one, mode: 0o640 }],
      ['srv/run', { ...one, mode: 0o4755 }],
    ]),
    faults: [],
    links: new Map(),
  })
  expect(statSync(join(folder, 'srv/run')).mode & 0o7777).toBe(0o600)
})

it.each(['../out', '/out', 'a/../../out', 'a//out', './out', '..', 'a/\0'])(
  'unpacks nothing outside: %j',
  async (name) => {
    const found = await unpacked(
      await tar([
        [{ name }, '1'],
        [{ name: 'good' }, '1'],
      ]),
    )
    expect([...found.files.keys()]).toEqual(expect.arrayContaining(['good']))
    expect(all().filter((path) => path.endsWith('out'))).toEqual([])
    expect(found.faults.length + found.files.size).toBe(2)
  },
)

it('makes no links, and writes through none', async () => {
  const found = await unpacked(
    await tar([
      [{ name: 'way', type: 'symlink', linkname: '..' }],
      [{ name: 'way/out' }, '1'],
      [{ name: 'hard', type: 'link', linkname: '/etc/passwd' }],
      [{ name: 'pipe', type: 'fifo' }],
    ]),
  )
  expect(all().map((path) => path.replace(/^in-[^/]*\/?/, ''))).toEqual(['', 'way', 'way/out'])
  expect(found.links).toEqual(new Map([['way', '..']]))
  expect(found.faults.map(({ words }) => words)).toEqual([
    'hard is no file, and was not unpacked: link',
    'pipe is no file, and was not unpacked: fifo',
  ])
})

it('lets the first of two of one name be', async () => {
  const found = await unpacked(
    await tar([
      [{ name: 'a' }, '1'],
      [{ name: 'a' }, '2'],
      [{ name: 'a/b' }, '3'],
    ]),
  )
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('1')
  expect(found.faults).toHaveLength(2)
})

it('fails where the archive ends too early, or is none', async () => {
  const whole = await tar([[{ name: 'a' }, 'x'.repeat(10_000)]])
  await expect(unpacked(whole.subarray(0, 5_000))).rejects.toThrow()
  await expect(unpacked(Buffer.alloc(2_048, 'x'))).rejects.toThrow()
})

it('names each file that is missing, has changed, or was not there', () => {
  const saved = (path: string, mode = 0o644) => ({ path, bytes: 1, sha256: sha256OfOne, mode })
  const same = { bytes: 1, sha256: sha256OfOne, mode: 0o644 }
  const found = new Map([
    ['same', same],
    ['longer', { ...same, bytes: 2 }],
    ['other', { ...same, sha256: 'f'.repeat(64) }],
    ['open', { ...same, mode: 0o666 }],
    ['more', same],
  ])
  const faults = fileFaults(
    ['same', 'gone', 'longer', 'other', 'open'].map((path) => saved(path)),
    found,
  )
  expect(faults.map(({ words }) => words)).toEqual([
    'file gone is missing',
    'file longer has 2 bytes, and had 1',
    'file other has another content: its SHA-256 is another',
    'file open has the mode 0666, and had 0644',
    'file more is there, and was not when the backup was taken',
  ])
})

it('names each link that is missing, leads elsewhere, or was not there', () => {
  const found = new Map([
    ['same', '../a'],
    ['moved', '/etc/passwd'],
    ['more', 'a'],
  ])
  const saved = ['same', 'gone', 'moved'].map((path) => ({ path, target: '../a' }))
  expect(linkFaults(saved, found)).toEqual(
    [
      'link gone is missing',
      'link moved leads to /etc/passwd, and led to ../a',
      'link more is there, and was not when the backup was taken',
    ].map((words) => ({ fault: 'files', words })),
  )
  expect(linkFaults(undefined, found)).toEqual([])
  expect(linkFaults([], new Map())).toEqual([])
})
