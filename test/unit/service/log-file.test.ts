import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type LogFileOptions, logFile } from '../../../exporters/service/log/file.ts'

const base = mkdtempSync(join(tmpdir(), 'log-file-'))
const open: { close(): void }[] = []
afterEach(() => {
  for (const file of open.splice(0)) file.close()
  rmSync(base, { recursive: true, force: true })
})

const made = (options: Partial<LogFileOptions> = {}) => {
  const folder = join(base, 'logs')
  const path = join(folder, 'combined.log')
  const seen = { lost: 0, told: [] as string[] }
  const file = logFile({
    path,
    size: 1_000,
    keep: 5,
    onLost: (lines) => {
      seen.lost += lines
    },
    tell: (words) => seen.told.push(words),
    ...options,
  })
  open.push(file)
  return { file, folder, path, seen, read: (name = 'combined.log') => readFileSync(join(folder, name), 'utf8') }
}
/** A hundred bytes. */
const line = (number: number) => `${String(number).padStart(99, '0')}\n`
const numbersIn = (text: string) => text.split('\n').filter(Boolean).map(Number)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)

test('a file is rotated before it is too large, and the lowest number is the newest', () => {
  const { file, folder, read } = made()
  for (const number of range(0, 95)) file.write(line(number))
  const names = ['combined.log', 'combined1.log', 'combined2.log', 'combined3.log', 'combined4.log']
  expect(readdirSync(folder).toSorted()).toEqual(names)
  expect(names.map((name) => numbersIn(read(name)))).toEqual([
    range(90, 95),
    range(80, 90),
    range(70, 80),
    range(60, 70),
    range(50, 60),
  ])
})

test('an empty file that logrotate left is written over before an old one goes', () => {
  const { file, folder, read } = made()
  for (const number of range(0, 50)) file.write(line(number))
  writeFileSync(join(folder, 'combined2.log'), '')
  for (const number of range(50, 60)) file.write(line(number))
  expect(numbersIn(read('combined4.log'))).toEqual(range(0, 10))
  expect(numbersIn(read('combined2.log'))).toEqual(range(30, 40))
})

test('a line that is larger than a file has one to itself', () => {
  const { file, read } = made()
  file.write(line(1))
  file.write(`${'x'.repeat(2_000)}\n`)
  file.write(line(2))
  expect([read('combined1.log').length, numbersIn(read('combined2.log')), numbersIn(read())]).toEqual([2_001, [1], [2]])
})

test('whoever rotated meanwhile is noticed: no file is rotated twice', () => {
  const { file, read, path, folder } = made()
  const other = made().file
  for (const number of range(0, 10)) file.write(line(number))
  other.write(line(10))
  file.write(line(11))
  expect([numbersIn(read('combined1.log')), numbersIn(read())]).toEqual([range(0, 10), [10, 11]])
  // Another that is rotating just now: the line is written, and the file is left to it.
  for (const number of range(12, 20)) file.write(line(number))
  const lock = join(folder, '.combined.log.lock')
  writeFileSync(lock, '')
  file.write(line(20))
  expect(statSync(path).size).toBe(1_100)
  // One that died while it was at it.
  utimesSync(lock, 0, 0)
  file.write(line(21))
  expect([numbersIn(read()), existsSync(lock)]).toEqual([[21], false])
})

test('a file that was moved, or removed with its folder, is opened anew before the next line', () => {
  const { file, folder, path, read, seen } = made()
  file.write(line(1))
  renameSync(path, `${path}.1`)
  file.write(line(2))
  expect([numbersIn(read('combined.log.1')), numbersIn(read())]).toEqual([[1], [2]])
  rmSync(folder, { recursive: true })
  file.write(line(3))
  expect([numbersIn(read()), seen]).toEqual([[3], { lost: 0, told: [] }])
})

test('lines wait while there is no folder to write to, and are told of once', () => {
  const { file, folder, read, seen } = made({ size: 1e7 })
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'in the way')
  for (const number of range(0, 20)) file.write(line(number))
  expect(seen).toEqual({ lost: 0, told: [expect.stringMatching(/^could not write .*combined\.log, lines wait/)] })
  rmSync(folder)
  file.write(line(20))
  expect(numbersIn(read())).toEqual(range(0, 21))
  expect(seen).toEqual({
    lost: 0,
    told: [expect.anything(), expect.stringMatching(/combined\.log can be written again$/)],
  })
})

test.runIf(existsSync('/dev/full'))('on a full disk no more than a megabyte waits, and what is lost is counted', () => {
  const { file, path, read, seen } = made({ size: 1e9 })
  rmSync(path)
  symlinkSync('/dev/full', path)
  const long = (number: number) => `${String(number).padStart(9_999, '0')}\n`
  for (const number of range(0, 200)) file.write(long(number))
  // The first is stuck with the file; 104 of ten thousand bytes each are a megabyte.
  expect(seen).toMatchObject({ lost: 95, told: [expect.stringContaining('ENOSPC')] })
  rmSync(path)
  file.write(long(200))
  expect(numbersIn(read())).toEqual([...range(1, 105), 200])
  expect([seen.lost, seen.told.length]).toEqual([96, 2])
})

test('what waits when the file is closed is counted as lost, and so is what comes later', () => {
  const { file, folder, seen } = made()
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'in the way')
  file.write(line(1))
  file.close()
  file.close()
  file.write(line(2))
  expect(seen.lost).toBe(2)
})

test('what cannot be rotated is written all the same, and that is told once', () => {
  const { file, folder, path, seen } = made()
  // A folder in the place of a file cannot be renamed over.
  for (const number of [1, 2, 3, 4]) mkdirSync(join(folder, `combined${number}.log`, 'in'), { recursive: true })
  for (const number of range(0, 30)) file.write(line(number))
  expect(statSync(path).size).toBe(3_000)
  expect(seen).toEqual({ lost: 0, told: [expect.stringMatching(/^could not rotate .*combined\.log, it grows/)] })
})

test('a folder that cannot be made is a fault at the start', () => {
  mkdirSync(base, { recursive: true })
  writeFileSync(join(base, 'logs'), 'in the way')
  expect(() => made()).toThrow(/EEXIST|ENOTDIR/)
})
