import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { artefacts } from '../../../../compose/artefacts.ts'
import { docker, lastLine } from '../../../../compose/docker/call.ts'
import { assertReadable, refreshGenerated, shutFrom } from '../../../../compose/docker/mounts.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'docker-'))
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

describe('the docker program', () => {
  /** Puts a program of that name first on PATH. */
  const be = (script: string) => writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })

  test('is given its arguments, and its answer and complaint are told apart', async () => {
    be('echo "$@"; echo oh >&2; exit 3')
    expect(await docker(['compose', 'ps'])).toEqual({ code: 3, output: 'compose ps', complaint: 'oh' })
  })

  test('that is not there is an answer, too', async () => {
    vi.stubEnv('PATH', folder)
    expect(await docker(['info'])).toMatchObject({ code: null, complaint: expect.stringContaining('ENOENT') })
  })

  test('that hangs is ended', async () => {
    be('exec sleep 60')
    expect(await docker(['info'], { within: 50 })).toMatchObject({ code: null, complaint: 'no answer within 0.05 s' })
  })

  test('that goes on after its first word is left to it, where that will do', async () => {
    be('echo Pulling; exec sleep 1.5')
    const answer = await docker(['pull', 'x'], { within: 1_000, firstWordWillDo: true })
    expect(answer).toEqual({ code: 0, output: 'Pulling', complaint: '' })
  })

  test('hears of the signal, and not of a Ctrl-C in the terminal', async () => {
    be(`trap 'echo interrupted; exit 130' INT; echo $$ > ${folder}/pid; while :; do sleep 0.05; done`)
    const asked = new AbortController()
    const answer = docker(['compose', 'up'], { signal: asked.signal })
    const file = join(folder, 'pid')
    await vi.waitFor(() => expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/\d\n$/))
    // A terminal's signal goes to its process group: this one leads another.
    expect(() => process.kill(-Number(readFileSync(file, 'utf8')), 0)).not.toThrow()
    asked.abort()
    expect(await answer).toMatchObject({ code: 130, output: 'interrupted' })
  })

  test('is ended at once where the signal came before', async () => {
    be('exec sleep 60')
    expect(await docker(['compose', 'up'], { signal: AbortSignal.abort() })).toMatchObject({ code: null })
  })
})

test.each([
  ['', ''],
  ['one', 'one'],
  ['one\ntwo  \n\n', 'two'],
])('the last line of %j is %j', (words, last) => {
  expect(lastLine(words)).toBe(last)
})

describe('what containers read of the checkout', () => {
  test('is written anew where it is not what config says, and that is told; otherwise nothing happens', () => {
    const said: string[] = []
    const generated = join(folder, 'generated')
    mkdirSync(generated)
    writeFileSync(join(generated, 'old.yml'), '')
    refreshGenerated((line) => said.push(line), { folder: generated })
    expect(said).toContain('compose/generated/old.yml is not generated any more')
    expect(said).toContain('compose/generated/prometheus/prometheus.yml is missing')
    expect(said.at(-1)).toContain('Commit it.')
    expect(existsSync(join(generated, 'old.yml'))).toBe(false)
    for (const [path, text] of artefacts()) expect(readFileSync(join(generated, path), 'utf8')).toBe(text)

    writeFileSync(join(generated, 'metrics.md'), 'mine')
    said.length = 0
    refreshGenerated((line) => said.push(line), { folder: generated })
    expect(said).toHaveLength(2)
    expect(said[0]).toBe('compose/generated/metrics.md differs from what is generated')
    said.length = 0
    refreshGenerated((line) => said.push(line), { folder: generated })
    expect(said).toEqual([])
  })

  test('can be read by other users', () => {
    const inner = join(folder, 'inner')
    mkdirSync(inner)
    writeFileSync(join(inner, 'a.yml'), '')
    chmodSync(folder, 0o755)
    chmodSync(inner, 0o755)
    chmodSync(join(inner, 'a.yml'), 0o644)
    expect(shutFrom(folder)).toEqual([])
    chmodSync(join(inner, 'a.yml'), 0o600)
    expect(shutFrom(folder)).toEqual([join(inner, 'a.yml')])
    chmodSync(inner, 0o751)
    expect(shutFrom(folder)).toContain(inner)
    expect(shutFrom(join(folder, 'none'))).toEqual([])
  })

  test.runIf(process.platform === 'linux')('or is named with what to type', () => {
    chmodSync(folder, 0o700)
    expect(() => assertReadable(folder)).toThrow(/^containers cannot read .*Type: chmod -R go\+rX /)
    chmodSync(folder, 0o755)
    expect(() => assertReadable(folder)).not.toThrow()
  })
})
