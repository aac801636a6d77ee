import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lockFolder } from '../../exporters/folder-lock.ts'
import { bundleOurs } from '../bench/contestants.ts'
import { diceOf } from '../prove/dice.ts'
import { eventually, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())
const child = await bundleOurs(new URL('folder-lock-child.ts', import.meta.url))

const atOnce = 5
const kills = 25

test('One process at a time has a folder, however many want it and are killed at any moment', async () => {
  const folder = mkdtempSync(join(shop.folder, 'locked-'))
  const dice = diceOf(8)
  const living: ChildProcess[] = []
  const said: string[] = []
  let entered = 0
  const begin = () => {
    const started = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) {
        if (line === 'in') entered += 1
        else said.push(line)
      }
    })
    living.push(started)
  }
  for (let i = 0; i < atOnce; i++) begin()
  for (let i = 0; i < kills; i++) {
    const before = entered
    await eventually(
      () => entered,
      (times) => times > before + dice.below(4),
    )
    const [victim] = living.splice(dice.below(living.length), 1)
    victim?.kill('SIGKILL')
    begin()
  }
  for (const one of living) {
    one.kill('SIGKILL')
    if (one.exitCode === null && one.signalCode === null) await once(one, 'exit')
  }
  expect(said).toEqual([])
  expect(entered).toBeGreaterThan(kills)
  const lock = await lockFolder(folder, { socket: 'run.sock', taken: ['taken', 'wait'], variable: 'FOLDER' })
  expect(
    readdirSync(folder).filter((name) => name.endsWith('.sock')),
    'those of the killed are gone',
  ).toHaveLength(1)
  await lock.release()
  expect(readdirSync(folder).filter((name) => name.endsWith('.sock'))).toEqual([])
})
