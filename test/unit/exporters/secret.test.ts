import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { faultOf, readEnv } from '../../../config/env.ts'
import { remedyFor, secretOf } from '../../../exporters/secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'secret-'))
afterAll(() => rmSync(folder, { recursive: true }))

const path = join(folder, 'database_url')
const url = (password: string) => `postgres://exporter:${password}@db:5432/app`
const put = (text: string, mode = 0o600) => {
  rmSync(path, { force: true, recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
}
const putFolder = () => {
  rmSync(path)
  mkdirSync(path)
}

const told: string[] = []
const open = () => {
  const env = readEnv({ DATABASE_URL_FILE: path })
  const { DATABASE_URL: value = '', files } = env
  const faults = (text: string) => faultOf('DATABASE_URL', text)
  const tell = (words: string) => void told.push(words)
  return secretOf({ name: 'DATABASE_URL', value, file: files.DATABASE_URL, faultOf: faults, tell })
}
beforeEach(() => {
  told.length = 0
  put(`${url('first')}\n`)
})

test('A value that came by no file stays as it is', () => {
  const value = url('first')
  expect(secretOf({ name: 'X', value, file: undefined, faultOf: () => 'is wrong', tell: () => undefined })()).toBe(
    value,
  )
})

test('What is written later counts at once, however quickly, and without a line in the log', () => {
  const secret = open()
  for (const password of ['first', 'other', 'third', 'first']) {
    writeFileSync(path, url(password))
    expect(secret()).toBe(url(password))
  }
  expect(told).toEqual([])
})

test('A link that is turned to another folder is followed', () => {
  rmSync(path)
  for (const one of ['a', 'b']) {
    mkdirSync(join(folder, one))
    writeFileSync(join(folder, one, 'url'), url(one), { mode: 0o600 })
  }
  symlinkSync('a', join(folder, 'now'))
  symlinkSync(join('now', 'url'), path)
  const secret = open()
  expect(secret()).toBe(url('a'))
  symlinkSync('b', join(folder, 'next'))
  renameSync(join(folder, 'next'), join(folder, 'now'))
  expect(secret()).toBe(url('b'))
})

describe('What cannot be used leaves what was there before, and is told of once', () => {
  test.each<[what: string, spoil: () => void, words: RegExp]>([
    ['a file that vanished', () => rmSync(path), /ENOENT/],
    ['a folder in its place', putFolder, /EISDIR/],
    ['an empty file', () => put(''), /it is empty/],
    ['a file of blanks', () => put(' \n'), /it is empty/],
    ['another protocol', () => put('mysql://ann:hunter2@db'), /what it holds is no URL like postgres:/],
    ['half a value', () => put('postgres://ann:hunt'), /what it holds is no URL like postgres:/],
  ])('%s', (_what, spoil, words) => {
    const secret = open()
    spoil()
    expect([secret(), secret()]).toEqual([url('first'), url('first')])
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(words)
    expect(told[0]).toContain(`${path} of DATABASE_URL_FILE`)
    put(url('second'))
    expect([secret(), secret()]).toEqual([url('second'), url('second')])
    expect(told).toHaveLength(2)
    expect(told[1]).toContain('can be used again')
    expect(told.join()).not.toMatch(/hunt|first|second/)
  })
})

const key = '-----BEGIN PRIVATE KEY-----'
const certificate = '-----BEGIN CERTIFICATE-----'

describe('A file is too open', () => {
  test.each<[what: string, file: string, mode: number, text: string, mend: string | undefined]>([
    ['for nobody but its owner', '/etc/x', 0o600, 'secret', undefined],
    ['for its owner to read', '/etc/x', 0o400, 'secret', undefined],
    ['for all to read', '/etc/x', 0o644, 'secret', 'chmod go= /etc/x'],
    ['for its group to read', '/etc/x', 0o640, 'secret', 'chmod go= /etc/x'],
    ['for its group to write', '/etc/x', 0o620, 'secret', 'chmod go= /etc/x'],
    ['for all to read in a place of containers', '/run/secrets/x', 0o444, 'secret', undefined],
    ['for all to read in that place by its other name', '/var/run/secrets/x', 0o644, 'secret', undefined],
    [
      'for all to read in a place that looks like it',
      '/srv/run/secrets/x',
      0o444,
      'secret',
      'chmod go= /srv/run/secrets/x',
    ],
    ['for all to read, with a key', '/etc/x', 0o644, key, 'chmod go= /etc/x'],
    ['for all to read, with a certificate', '/etc/x', 0o644, certificate, undefined],
    ['for all to write, with a certificate', '/etc/x', 0o666, certificate, 'chmod go-w /etc/x'],
    ['for all to read, with both', '/etc/x', 0o644, certificate + key, 'chmod go= /etc/x'],
  ])('%s: %s, mode %o', (_what, file, mode, text, mend) => {
    expect(remedyFor({ file, mode, text })).toBe(mend)
  })

  test('and the log says so, with the command that mends it', () => {
    put(url('first'), 0o644)
    open()()
    expect(told).toEqual([`other users get at ${path} of DATABASE_URL_FILE: its mode is 644. Type: chmod go= ${path}`])
  })
})
