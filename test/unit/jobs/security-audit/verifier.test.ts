import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { isMadeOf } from '../../../../jobs/security-audit/verifier.ts'

test('What is kept as md5 is of one password and one role', async () => {
  const old = `md5${createHash('md5').update('pencilann').digest('hex')}`
  expect(await isMadeOf(old, 'ann', 'pencil')).toBe(true)
  expect(await isMadeOf(old, 'bob', 'pencil')).toBe(false)
  expect(await isMadeOf(old, 'ann', 'pen')).toBe(false)
})

test.each(['', 'nothing', 'SCRAM-SHA-256$4096:a', 'SCRAM-SHA-256$4096:YQ==$YQ==:YQ=='])(
  '%j is of no password',
  async (verifier) => {
    expect(await isMadeOf(verifier, 'ann', 'pencil')).toBe(false)
  },
)
