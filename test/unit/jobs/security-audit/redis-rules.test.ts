import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hasPassword, mayRun, readUser } from '../../../../jobs/security-audit/redis-rules.ts'

const digest = (word: string) => createHash('sha256').update(word).digest('hex')
const members = new Map([
  ['dangerous', new Set(['flushall', 'config|set', 'keys', 'acl'])],
  ['read', new Set(['get', 'mget'])],
])

describe('A user of Redis', () => {
  test('is read as Redis 6, 7 and 8 describe it', () => {
    expect(readUser('user default on nopass ~* +@all')).toMatchObject({ name: 'default', on: true, nopass: true })
    const app = readUser(
      `user app on sanitize-payload #${digest('a')} #${digest('b')} ~app:* resetchannels -@all +@read`,
    )
    expect(app).toMatchObject({ name: 'app', nopass: false, hashes: [digest('a'), digest('b')] })
    expect(app.rules).toEqual([['-@all', '+@read']])
    expect(readUser('user gone off resetchannels -@all').on).toBe(false)
    const selecting = readUser('user two on nopass -@all +get (~b:* resetchannels -@all +set) (%R~c +flushall)')
    expect(selecting.rules).toEqual([['-@all', '+get'], ['-@all', '+set'], ['+flushall']])
  })

  test('is not guessed at', () => {
    expect(() => readUser('nobody')).toThrow('a form that is not known here')
  })

  test.each([
    ['+@all', 'flushall', true],
    ['allcommands', 'flushall', true],
    ['-@all', 'flushall', false],
    ['+@all -@dangerous', 'flushall', false],
    ['+@all -@dangerous', 'config', false],
    ['+@all -@dangerous +flushall', 'flushall', true],
    ['+@all -flushall', 'flushall', false],
    ['-@all +@dangerous', 'config', true],
    ['-@all +config|get', 'config', false],
    ['+@all -config|set', 'config', true],
    ['-@all +@read', 'keys', false],
    ['+@all nocommands', 'flushall', false],
    ['-@all (-@all +flushall)', 'flushall', true],
  ])('%s: %s %s', (rules, command, may) => {
    expect(mayRun(readUser(`user app on ~* ${rules}`), command, members)).toBe(may)
  })

  test('has a password that everybody tries', () => {
    expect(hasPassword(readUser(`user app on #${digest('hunter2')} #${digest('redis')}`), ['redis'])).toBe(true)
    expect(hasPassword(readUser(`user app on #${digest('app')}`), ['redis'])).toBe(true)
    expect(hasPassword(readUser(`user app on #${digest('hunter2')}`), ['redis'])).toBe(false)
  })
})
