import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

test('--docker with the URL of a real service is refused before docker is asked', () => {
  const [status, words] = start(['--docker'], `touch ${folder}/asked`, { API_URL: 'http://api:3000' })
  expect(status).toBe(1)
  expect(words).toContain('API_URL is set: unset it, or leave --docker out')
})

test('an option that there is not is told', () => {
  const [status, words] = start(['--dokcer'], undefined)
  expect(status).toBe(1)
  expect(words).toContain("Unknown option '--dokcer'")
})
