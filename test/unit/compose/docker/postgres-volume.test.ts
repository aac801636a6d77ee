import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../../../../compose/plan.ts'

const place = mkdtempSync(join(tmpdir(), 'volume-'))
afterAll(() => rmSync(place, { recursive: true }))

/** The check of a volume by an image with such a server. */
const check = (server: string, found?: string) => {
  const folder = mkdtempSync(join(place, 'x-'))
  for (const name of ['bin', 'data']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'bin/postgres'), `#!/bin/sh\necho '${server}'\n`)
  chmodSync(join(folder, 'bin/postgres'), 0o755)
  if (found !== undefined) writeFileSync(join(folder, 'data/PG_VERSION'), `${found}\n`)
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, PGDATA: join(folder, 'data') }
  const { status, stdout, stderr } = spawnSync('sh', [join(root, 'compose/docker/postgres-volume.sh')], {
    env,
    encoding: 'utf8',
  })
  return { status, said: stdout + stderr }
}

test.each([
  ['that is new', 'postgres (PostgreSQL) 17.10 (Debian 17.10-1.pgdg12+1)', undefined],
  ['of the same major', 'postgres (PostgreSQL) 17.10 (Debian 17.10-1.pgdg12+1)', '17'],
  ['of a major before its first release', 'postgres (PostgreSQL) 18beta1', '18'],
])('a volume %s is taken without a word', (_words, server, found) => {
  expect(check(server, found)).toEqual({ status: 0, said: '' })
})

test.each(['16', '18', '9.6'])('a volume of PostgreSQL %s is refused, and what to do is said', (found) => {
  const { status, said } = check('postgres (PostgreSQL) 17.10 (Debian 17.10-1.pgdg12+1)', found)
  expect(status).toBe(1)
  expect(said).toContain(
    `The volume postgres-data has the data of PostgreSQL ${found}, and the image is PostgreSQL 17.\n`,
  )
  expect(said).toContain("'PGPASSWORD=$(cat /run/secrets/superuser_password) pg_dump ")
  expect(said).toContain('docker volume rm')
})
