import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../../compose/plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'up-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** As `npm start` with these arguments, where this is the docker program. */
const start = (args: readonly string[], docker: string | undefined, env: Readonly<Record<string, string>> = {}) => {
  rmSync(join(folder, 'docker'), { force: true })
  if (docker !== undefined) writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${docker}\n`, { mode: 0o755 })
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'compose/up.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: docker === undefined ? folder : `${folder}:/usr/bin:/bin`, ...env },
  })
  return [status, stderr.trim()]
}

test('--docker where there is none ends with the reason', () => {
  expect(start(['--docker'], undefined)).toEqual([1, 'could not use Docker: there is no docker on PATH'])
  const noEngine = 'case "$*" in compose*) echo 2.40.3 ;; *) echo "permission denied" >&2; exit 1 ;; esac'
  expect(start(['--docker'], noEngine)).toEqual([
    1,
    'could not use Docker: no Docker engine answers (permission denied)',
  ])
})

test('--docker with the URL of a real service that no container reaches is refused before anything is fetched', () => {
  const engine = `case "$*" in compose*) echo 2.40.3 ;; info*) echo 29.1.0 linux ;; *) touch ${folder}/asked ;; esac`
  const [status, words] = start(['--docker'], engine, { API_URL: 'http://127.0.0.1:3000' })
  expect(status).toBe(1)
  expect(words).toContain('API_URL names 127.0.0.1, which in a container is the container itself')
  expect(existsSync(join(folder, 'asked'))).toBe(false)
})

test('an option that there is not is told', () => {
  const [status, words] = start(['--dokcer'], undefined)
  expect(status).toBe(1)
  expect(words).toContain("Unknown option '--dokcer'")
})

test('real services are not watched in silence: without a secret nothing starts, and each is told in a line', () => {
  const env = { API_URL: 'http://127.0.0.1:9', SECRETS_DIR: folder }
  const [status, words] = start([], undefined, env)
  expect(status).toBe(1)
  const lines = String(words).split('\n')
  expect(lines[0]).toBe('could not tell anybody of alerts:')
  expect(lines.slice(1, -1)).toHaveLength(4)
  for (const line of lines.slice(1, -1))
    expect(line).toMatch(/^ {2}config\/teams\.ts: \S+\[\d\] (needs|and \d+ more need) \S+, which is missing: put .+/)
  expect(lines.at(-1)).toBe('To watch all the same, and tell nobody: npm start -- --tell-nobody')
})

test('--tell-nobody with --docker is refused: containers tell whomever their secrets reach', () => {
  const [status, words] = start(['--docker', '--tell-nobody'], undefined)
  expect(status).toBe(1)
  expect(words).toContain('--tell-nobody is for local processes')
})
