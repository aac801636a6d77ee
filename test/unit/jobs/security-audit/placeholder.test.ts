import { describe, expect, test } from 'vitest'
import { security } from '../../../../config/security.ts'
import { faultOfValue, readAssignments, weakness } from '../../../../jobs/security-audit/placeholder.ts'

const weak = weakness(security.passwords.wellKnown)

describe('A secret', () => {
  test.each([
    'password',
    'Password',
    'changeme',
    'change-me-please',
    '<your password>',
    'your-api-token',
    'xxxxxxxx',
    '***',
  ])('%s is a placeholder', (value) => {
    expect(weak(value)).toBe('it is a default or a placeholder')
  })
  test.each(['kd83jdu2JDh28sj', 'passwordless-Ri8cai', 'yourself4ever!', 'xx', 'exchange', 'changed-9fj2'])(
    '%s is none',
    (value) => {
      expect(weak(value)).toBeUndefined()
    },
  )
  test('is empty, or the name of its user', () => {
    expect(weak('')).toBe('it is empty')
    expect(weak('Ann', 'ann')).toBe('it is the name of its user')
    expect(weak('Ann', 'bob')).toBeUndefined()
  })
})

test.each([
  ['DB_PASSWORD', 'changeme', 'it is a default or a placeholder'],
  ['DB_PASSWORD', '', 'it is empty'],
  ['SLACK_TOKEN', '', undefined],
  ['SLACK_TOKEN', 'changeme', 'it is a default or a placeholder'],
  ['STRIPE_SECRET_KEY', 'sk_live_9a8sd7f98a7sdf', undefined],
  ['NODE_ENV', 'test', undefined],
  ['DB_PASSWORD_FILE', 'secrets/password', undefined],
  ['DATABASE_URL', 'postgres://api:password@db/app', 'it is a default or a placeholder'],
  ['DATABASE_URL', 'postgres://api:api@db/app', 'it is the name of its user'],
  ['DATABASE_URL', 'postgres://api:p%61ssword@db/app', 'it is a default or a placeholder'],
  ['DATABASE_URL', 'postgres://api:k29dk2ms@db/app', undefined],
  ['DATABASE_URL', 'postgres://api@db/app', undefined],
  ['SITE', 'https://techplus.com/a@b', undefined],
])('%s=%s: %s', (name, value, fault) => {
  expect(faultOfValue(name, value, weak)).toBe(fault)
})

test('Lines of a file of variables are read, but those put together of others', () => {
  const text = [
    '# PASSWORD=commented',
    'A_PASSWORD=plain',
    'export B_PASSWORD="quo ted" # why',
    "C_PASSWORD='sin$gle'",
    'D_PASSWORD=bare # why',
    'E_PASSWORD=with#hash',
    'F_PASSWORD=',
    `G_PASSWORD=\${OTHER}`,
    'H_PASSWORD = spaced ',
    'no assignment',
    'I_PASSWORD=last\r',
  ]
  expect(readAssignments(text.join('\n'))).toEqual([
    ['A_PASSWORD', 'plain'],
    ['B_PASSWORD', 'quo ted'],
    ['C_PASSWORD', 'sin$gle'],
    ['D_PASSWORD', 'bare'],
    ['E_PASSWORD', 'with#hash'],
    ['F_PASSWORD', ''],
    ['H_PASSWORD', 'spaced'],
    ['I_PASSWORD', 'last'],
  ])
})
