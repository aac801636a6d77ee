import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readEnv } from '../../../../config/env.ts'
import { restoreWords } from '../../../../jobs/update/restore-words.ts'

const { signal } = new AbortController()
const said = (url: string) => restoreWords(readEnv({ JOBS_DATABASE_URL: url, BACKUP_DIR: 'no-backups' }), 0, signal)

test.each([
  ['postgres://owner:secret@db.example:5433/techplus', '-h db.example -p 5433 -U owner'],
  ['postgres://owner@[::1]/techplus', '-h ::1 -p 5432 -U owner'],
  ['postgres://owner@localhost/techplus?host=/run/postgresql', '-h /run/postgresql -p 5432 -U owner'],
])('%s is where the printed commands lead to, from any folder', async (url, server) => {
  const words = await said(url)
  expect(words).toContain(`createdb ${server} techplus_before`)
  expect(words).toContain(` ${resolve('no-backups')}/database/`)
  expect(words).not.toContain('secret')
})
