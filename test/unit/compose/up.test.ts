import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../../../compose/plan.ts'

const folder = mkdtempSync(join(tmpdir(), 'up-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const config = JSON.stringify({ name: 'some-project', services: { redis: { image: 'redis:none' } } })
/** An engine that answers what costs nothing, and leaves a file where it is asked for more: for an image, or a build. */
writeFileSync(
  join(folder, 'docker'),
  `#!/bin/sh
case "$*" in
  'compose version'*) echo 2.40.3 ;;
  'compose config'*) echo '${config}' ;;
  info*) echo 29.1.0 linux ;;
  ps*) ;;
  *) touch ${folder}/asked; exit 1 ;;
esac
`,
  { mode: 0o755 },
)
const start = (env: Readonly<Record<string, string>>) => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'compose/up.ts', '--docker'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: `${folder}:/usr/bin:/bin`, COMPOSE_FILE: 'docker-compose.yml', SECRETS_DIR: folder, ...env },
  })
  return { status, words: stderr, fetched: existsSync(join(folder, 'asked')) }
}

test('--docker with real services names every secret that is missing, before anything is fetched', () => {
  const { status, words, fetched } = start({ API_URL: 'http://api.internal' })
  expect([status, fetched]).toEqual([1, false])
  expect(words).toMatch(/^could not tell anybody of alerts:\n {2}config\/teams\.ts: .*, which is missing: put /)
})

test('--docker with the demo names a secret that is there and open to others, before anything is fetched', () => {
  const file = join(folder, 'slack_webhook_url')
  writeFileSync(file, 'https://hooks.internal')
  chmodSync(file, 0o644)
  const { status, words, fetched } = start({})
  expect([status, fetched]).toEqual([1, false])
  expect(words).toContain(`${file}, which every user of this machine gets at`)
})
