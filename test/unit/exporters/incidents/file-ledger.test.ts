import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Book } from '../../../../exporters/incidents/book.ts'
import { recordable } from '../../../../exporters/incidents/deliveries.ts'
import { fileLedger } from '../../../../exporters/incidents/file-ledger.ts'
import type { Incident } from '../../../../exporters/incidents/incident.ts'
import type { Ledger } from '../../../../exporters/incidents/ledger.ts'

const hour = 3_600_000
const times = { critical: hour }
let folder = ''
let said: string[] = []
let opened: Ledger[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'incidents-'))
  said = []
  opened = []
})
afterEach(async () => {
  for (const ledger of opened) await ledger.close()
  rmSync(folder, { recursive: true })
})

const file = () => join(folder, 'incidents.jsonl')
const locksOf = () => readdirSync(folder).filter((name) => name.endsWith('.sock'))
const open = async (now = Date.now) => {
  const ledger = await fileLedger({ folder, tell: (words) => said.push(words), now })
  opened.push(ledger)
  return ledger
}
const close = async (ledger: Ledger) => {
  opened = opened.filter((one) => one !== ledger)
  await ledger.close()
}
const alert = (fingerprint: string, startsAt: number, endsAt?: number) => ({
  status: endsAt === undefined ? ('firing' as const) : ('resolved' as const),
  fingerprint,
  labels: { severity: 'critical', owner: 'platform', word: 'line\nbreak "é" 日本 \u0000' },
  annotations: {},
  generatorURL: '',
  startsAt,
  endsAt: endsAt ?? 0,
})
const tell = (ledger: Ledger, ...alerts: readonly ReturnType<typeof alert>[]) =>
  ledger.change(recordable(alerts, 10 * hour, times))
const settle = (ledger: Ledger) =>
  ledger.change((book) => book.live().map((one): Incident => ({ ...one, response: 'breached', settled: true })))
const state = (book: Book | undefined) => ({
  live: book?.live(),
  recent: book?.recent(),
  tallies: [...(book?.tallies() ?? [])],
  known: ['a1', 'b2', 'c3'].map((one) => book?.known(one).lastEnd),
})
const linesOf = () => readFileSync(file(), 'utf8').split('\n').slice(0, -1)

test('What was kept is there again after a restart, and one line for each incident', async () => {
  const first = await open()
  expect(await tell(first, alert('a1', 1), alert('b2', 2))).toBe(true)
  await tell(first, alert('a1', 1, 5), alert('c3', 3))
  expect(await tell(first, alert('a1', 1))).toBe(false)
  expect(linesOf()).toHaveLength(4)
  const before = state(first.book)
  await close(first)
  const second = await open()
  expect(state(second.book)).toEqual(before)
  expect(linesOf()).toHaveLength(3)
  expect(said).toEqual([])
})

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('Nobody else can read what it makes, whatever the mask of the process', async () => {
  const before = process.umask(0o117)
  const made = join(folder, 'new')
  opened.push(await fileLedger({ folder: made, tell: () => undefined }).finally(() => process.umask(before)))
  expect(modeOf(made)).toBe('700')
  expect(modeOf(join(made, 'incidents.jsonl'))).toBe('600')
})

test('A folder that was there keeps its mode; in one of a group nobody else can read the file', async () => {
  chmodSync(folder, 0o770)
  writeFileSync(file(), '')
  chmodSync(file(), 0o644)
  await tell(await open(), alert('a1', 1))
  expect(modeOf(folder)).toBe('770')
  expect(modeOf(file())).toBe('600')
})

test.each([0o755, 0o1777, 0o701])(
  'A folder that was there and is open to all (%i) is refused as it is',
  async (mode) => {
    chmodSync(folder, mode)
    await expect(open()).rejects.toThrow(
      `${folder} is open to everybody (mode ${mode.toString(8).padStart(4, '0')}): chmod o= ${folder}, or set INCIDENTS_DIR to a new folder in it`,
    )
    expect(statSync(folder).mode & 0o7777).toBe(mode)
    expect(readdirSync(folder)).toEqual([])
  },
)

test('A folder that cannot be used is named, with what to do', async () => {
  writeFileSync(join(folder, 'taken'), '')
  const within = join(folder, 'taken', 'incidents')
  await expect(fileLedger({ folder: within, tell: () => undefined })).rejects.toThrow(
    /could not use .*taken.incidents: .*Give it to the user that the recorder runs as, or set INCIDENTS_DIR to another folder/,
  )
})

test('Wherever the file breaks off, all whole lines count, and what comes again is counted once', async () => {
  const first = await open()
  await tell(first, alert('a1', 1))
  await tell(first, alert('b2', 2))
  await tell(first, alert('a1', 1, 5))
  await close(first)
  const whole = readFileSync(file())
  for (let length = 0; length <= whole.length; length += 29) {
    writeFileSync(file(), whole.subarray(0, length))
    const ledger = await open()
    await tell(ledger, alert('a1', 1))
    await tell(ledger, alert('b2', 2))
    await tell(ledger, alert('a1', 1, 5))
    expect(state(ledger.book), `broken off after ${length} bytes`).toMatchObject({
      tallies: [{ incidents: 2, resolve: { count: 1 }, notify: { count: 2 } }],
    })
    await close(ledger)
  }
  expect(said[0]).toContain('was not finished and is cut off')
})

describe('A damaged line', () => {
  test.each([
    ['no JSON', 'nonsense', 'it is no JSON'],
    ['no incident', '{"incident":{"id":1}}', 'Invalid'],
    ['nothing', '', 'it is no JSON'],
    ['zeros', '\0\0\0', 'it is no JSON'],
  ])('that is %s is named with its file and number, and what to do', async (_what, damage, fault) => {
    const first = await open()
    await tell(first, alert('a1', 1))
    await close(first)
    const [good = ''] = linesOf()
    writeFileSync(file(), `${good}\n${damage}\n${good}\n`)
    const before = readFileSync(file())
    await expect(open()).rejects.toThrow(`${file()}, line 2, is damaged (`)
    await expect(open()).rejects.toThrow(fault)
    await expect(open()).rejects.toThrow(/Restore the file from a backup; or take a copy, delete that line/)
    expect(readFileSync(file())).toEqual(before)
  })
})

describe('One folder has one recorder', () => {
  test('A second is refused while the first lives', async () => {
    const first = await open()
    await expect(open()).rejects.toThrow(
      `another recorder keeps its incidents in ${folder}: stop it, or set INCIDENTS_DIR to another folder`,
    )
    await close(first)
    await tell(await open(), alert('a1', 1))
  })

  test('What a killed one has left behind is taken over', async () => {
    const path = join(folder, 'recorder.sock')
    const gone = createServer()
    await new Promise<void>((listening) => gone.listen(path, listening))
    // Closing takes away the name the socket was made by: under another it stays, as after a kill.
    linkSync(path, `${path}.left`)
    await new Promise((closed) => gone.close(closed))
    linkSync(`${path}.left`, path)
    await tell(await open(), alert('a1', 1))
  })

  test('One whose lock was taken away writes no more', async () => {
    const ledger = await open()
    for (const name of locksOf()) unlinkSync(join(folder, name))
    await expect(tell(ledger, alert('a1', 1))).rejects.toThrow(`${folder} was taken over`)
    expect(linesOf()).toEqual([])
    expect(state(ledger.book).live).toEqual([])
  })
})

describe('Whether it could keep more', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })
  /** The disk takes no more than this many bytes of what is written from now on. */
  const fill = async (room: number) => {
    const handle = await openFile(file())
    const kind = Object.getPrototypeOf(handle)
    await handle.close()
    const { write } = kind
    vi.spyOn(kind, 'write').mockImplementation(function (this: unknown, bytes, from, length, at) {
      if (Number(length) > room) throw new Error('ENOSPC')
      return Reflect.apply(write, this, [bytes, from, length, at])
    })
  }

  test('is told, and leaves the file as it was', async () => {
    const ledger = await open()
    await tell(ledger, alert('a1', 1))
    const before = readFileSync(file())
    await fill(100)
    await expect(tell(ledger, alert('b2', 2))).rejects.toThrow('ENOSPC')
    await expect(ledger.probe(), 'there is room for less than what was to be kept').rejects.toThrow('ENOSPC')
    vi.restoreAllMocks()
    await ledger.probe()
    expect(readFileSync(file())).toEqual(before)
    await tell(ledger, alert('b2', 2))
    expect(linesOf()).toHaveLength(2)
  })

  test('is not so without the lock', async () => {
    const ledger = await open()
    for (const name of locksOf()) unlinkSync(join(folder, name))
    await expect(ledger.probe()).rejects.toThrow(`${folder} was taken over`)
  })
})

test('What was over long ago is counted, and not listed any more', async () => {
  const first = await open()
  await tell(first, alert('a1', 1, 5 * hour), alert('b2', 2), alert('c3', 3, 9 * hour))
  await first.change((book) =>
    book
      .live()
      .filter(({ resolvedAt }) => resolvedAt)
      .map((one): Incident => ({ ...one, response: 'breached', settled: true })),
  )
  const { tallies } = state(first.book)
  await close(first)
  for (const past of [1, 2]) {
    const later = await open(() => 400 * 24 * hour + 6 * hour)
    expect(state(later.book).tallies, `start ${past}`).toEqual(tallies)
    expect(linesOf().map((line) => Object.keys(JSON.parse(line)))).toEqual([['tallies'], ['incident'], ['incident']])
    expect(state(later.book).recent?.map(({ fingerprint }) => fingerprint)).toEqual(['c3'])
    await close(later)
  }
  const last = await open(() => 500 * 24 * hour)
  expect(state(last.book).tallies).toEqual(tallies)
  await settle(last)
  expect(state(last.book).tallies).toMatchObject([{ incidents: 3, breached: 3 }])
})

test('A file that something is added to behind our back does not damage what follows', async () => {
  const ledger = await open()
  await tell(ledger, alert('a1', 1))
  await close(ledger)
  appendFileSync(file(), '{"incident":')
  const next = await open()
  await tell(next, alert('b2', 2))
  await close(next)
  expect(state((await open()).book).live?.map(({ fingerprint }) => fingerprint)).toEqual(['a1', 'b2'])
})
