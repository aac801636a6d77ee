import { expect, test } from 'vitest'
import { withoutLogins } from '../../../../jobs/update/outside.ts'
import { appliedSince, differences } from '../../../../jobs/update/schema.ts'

test('What is in one schema and not in the other is named', () => {
  const before = { 'column public.a.b': '1', 'table public.a': '1', 'view public.v': '1' }
  const after = { 'column public.a.b': '2', 'column public.a.c': '1', 'table public.a': '1' }
  expect(differences(before, after)).toEqual([
    'column public.a.b was changed',
    'column public.a.c was added',
    'view public.v was removed',
  ])
  expect(differences(before, before)).toEqual([])
})

test.each([
  ['one more', ['a'], ['a', 'b'], 1],
  ['none', ['a', 'b'], ['b', 'a'], 0],
  ['one less', ['a', 'b'], ['a'], 0],
  ['the first ever', undefined, ['a'], 1],
  ['nobody knows', undefined, undefined, undefined],
  ['nobody knows any more', ['a'], undefined, undefined],
])('Migrations that were applied since: %s', (_what, before, after, count) => {
  const reading = (rows: readonly string[] | undefined) => ({
    schema: {},
    applied: rows && { table: 'public.migrations', rows },
  })
  expect(appliedSince(reading(before), reading(after))).toBe(count)
})

test.each([
  [
    "fatal: unable to access 'https://ci:t0ken@git.example.com/api.git/'",
    "fatal: unable to access 'https://git.example.com/api.git/'",
  ],
  ['postgres://owner:hunter2@db:5432/techplus refused', 'postgres://db:5432/techplus refused'],
  ['git@example.com:api.git', 'git@example.com:api.git'],
])('%s is told without its login', (words, told) => {
  expect(withoutLogins(words)).toBe(told)
})
