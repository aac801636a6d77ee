import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../../../../compose/plan.ts'

const place = mkdtempSync(join(tmpdir(), 'start-'))
afterAll(() => rmSync(place, { recursive: true }))

/** What the start script of the image does is told; it goes through, or does not. */
const start = ({ there, prepares }: { readonly there: boolean; readonly prepares: boolean }) => {
  const folder = mkdtempSync(join(place, 'x-'))
  for (const name of ['bin', 'data']) mkdirSync(join(folder, name))
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  program(
    'docker-ensure-initdb.sh',
    `export POSTGRES_PASSWORD=secret; echo "prepares for $*"; exit ${prepares ? 0 : 1}`,
  )
  program('postgres', `echo "postgres $*, password \${POSTGRES_PASSWORD:-none}"`)
  if (there) writeFileSync(join(folder, 'data/PG_VERSION'), '17\n')
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, PGDATA: join(folder, 'data') }
  const script = join(root, 'compose/docker/postgres.sh')
  const { status, stdout } = spawnSync('sh', [script, 'postgres', '-c', 'a=b'], { env, encoding: 'utf8' })
  return { status, said: stdout.split('\n').filter(Boolean) }
}

const prepared = 'prepares for postgres -c a=b'
const runs = 'postgres -c a=b, password none'

test.each([
  ['a new cluster is prepared, and served without its password', { there: false, prepares: true }, 0, [prepared, runs]],
  ['a cluster that is there is served at once', { there: true, prepares: true }, 0, [runs]],
  ['what could not be prepared is not served', { there: false, prepares: false }, 1, [prepared]],
])('%s', (_words, given, status, said) => {
  expect(start(given)).toEqual({ status, said })
})
