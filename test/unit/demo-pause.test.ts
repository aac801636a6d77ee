import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writePidFile } from '../../compose/local/leftovers.ts'
import { processesOf } from '../../demo/pause.ts'

const folder = mkdtempSync(join(tmpdir(), 'pause-'))
const path = join(folder, 'sleeper.pid')
const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' })
const pid = sleeper.pid ?? 0

afterAll(() => {
  sleeper.kill()
  rmSync(folder, { recursive: true })
})

/** What is found by the file that is written for the sleeper, changed. */
const foundBy = (change: object) => {
  writePidFile(path, { name: 'Sleeper', pid, signal: 'SIGTERM' })
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }))
  return processesOf('sleeper', folder)
}

test('the process a pid file means is found', () => {
  expect(foundBy({})).toEqual([pid])
})

test.each([
  ['whose pid came round again', { born: 'earlier 1' }],
  ['whose birth is not told', { born: undefined }],
  ['whose parent is dead', { parent: { pid: 4194999, born: 'earlier 1' } }],
  ["whose parent's pid came round again", { parent: { pid: process.pid, born: 'earlier 1' } }],
  ['whose parent is not told', { parent: undefined }],
])('a process %s is not ours to pause', (_words, change) => {
  expect(foundBy(change)).toBeUndefined()
})

test('without a file, or with one that tells nothing, there is none', () => {
  expect(processesOf('nobody', folder)).toBeUndefined()
  writeFileSync(path, 'null')
  expect(processesOf('sleeper', folder)).toBeUndefined()
})
