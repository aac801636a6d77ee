import { describe, expect, test } from 'vitest'
import { readLine, readMessage, tallyOf } from '../../../../jobs/security-audit/login-lines.ts'

const now = new Date(2026, 10, 26, 20, 0, 0).getTime()
const sshd = 'www sshd[812]:'

describe('The time of a line', () => {
  test.each([
    ['with a day of one figure', `Nov  6 03:04:05 ${sshd} x`, new Date(2026, 10, 6, 3, 4, 5)],
    ['with a day of two', `Nov 26 19:59:59 ${sshd} x`, new Date(2026, 10, 26, 19, 59, 59)],
    ['of the year before', `Dec 31 23:59:59 ${sshd} x`, new Date(2025, 11, 31, 23, 59, 59)],
    ['of a clock that is ahead', `Nov 27 02:00:00 ${sshd} x`, new Date(2026, 10, 27, 2, 0, 0)],
    ['of the last 29th of February', `Feb 29 12:00:00 ${sshd} x`, new Date(2024, 1, 29, 12, 0, 0)],
    ['of rsyslog since Debian 12', `2026-11-26T19:59:59.123456+01:00 ${sshd} x`, new Date('2026-11-26T18:59:59.123Z')],
    ['in universal time', `2026-11-26T19:59:59Z ${sshd} x`, new Date('2026-11-26T19:59:59Z')],
  ])('%s', (_what, line, at) => {
    expect(readLine(line, now)).toEqual({ at: at.getTime(), message: 'x' })
  })

  test('on the first day of a year', () => {
    const newYear = new Date(2027, 0, 1, 0, 30).getTime()
    expect(readLine(`Dec 31 23:45:00 ${sshd} x`, newYear)?.at).toBe(new Date(2026, 11, 31, 23, 45).getTime())
    expect(readLine(`Jan  1 00:15:00 ${sshd} x`, newYear)?.at).toBe(new Date(2027, 0, 1, 0, 15).getTime())
  })

  test.each([
    '',
    'nothing',
    'Nov 99 03:04:05 www sshd[1]: x',
    'Foo 12 03:04:05 www sshd[1]: x',
    '2026-99-26T19:59:59Z w x',
  ])('%j is none', (line) => {
    expect(readLine(line, now)).toBeUndefined()
  })

  test('is all that is read of others', () => {
    for (const program of ['sudo:', 'CRON[7]:', 'sshd-agent[1]:', 'notsshd[1]:']) {
      expect(readLine(`Nov 26 10:00:00 www ${program} Failed password for root from 1.2.3.4 port 1 ssh2`, now)).toEqual(
        {
          at: new Date(2026, 10, 26, 10).getTime(),
          message: undefined,
        },
      )
    }
    expect(readLine('Nov 26 10:00:00 www sshd-session[1]: x', now)?.message).toBe('x')
  })
})

describe('What the SSH server says', () => {
  test.each([
    ['Failed password for root from 203.0.113.9 port 50022 ssh2', 'refused', '203.0.113.9', 1],
    ['Failed password for invalid user admin from 203.0.113.9 port 50022 ssh2', 'refused', '203.0.113.9', 1],
    ['Failed keyboard-interactive/pam for root from 2001:db8::9 port 50022 ssh2', 'refused', '2001:db8::9', 1],
    ['Failed none for invalid user  from 203.0.113.9 port 50022 ssh2', 'refused', '203.0.113.9', 1],
    [
      'message repeated 5 times: [ Failed password for root from 203.0.113.9 port 50022 ssh2]',
      'refused',
      '203.0.113.9',
      5,
    ],
    ['Accepted password for ann from 198.51.100.7 port 40 ssh2', 'let in', '198.51.100.7', 1],
    ['Accepted publickey for ann from 198.51.100.7 port 40 ssh2: ED25519 SHA256:abc', 'let in', '198.51.100.7', 1],
  ])('%s', (message, outcome, source, times) => {
    expect(readMessage(1, message)).toEqual({ at: 1, outcome, source, times })
  })

  test.each([
    'Invalid user admin from 203.0.113.9 port 50022',
    'Connection closed by authenticating user root 203.0.113.9 port 50022 [preauth]',
    // Whoever has several keys is refused the first ones.
    'Failed publickey for ann from 198.51.100.7 port 40 ssh2: RSA SHA256:abc',
    'Received disconnect from 203.0.113.9 port 50022:11: Bye Bye [preauth]',
  ])('%s is no login', (message) => {
    expect(readMessage(1, message)).toBeUndefined()
  })

  test('names the address of whoever came, not the one that was typed as a name', () => {
    const typed = 'root from 198.51.100.7 port 1 ssh2'
    const message = `Failed password for invalid user ${typed} from 203.0.113.9 port 50022 ssh2`
    expect(readMessage(1, message)).toMatchObject({ source: '203.0.113.9' })
    const posing = 'Accepted password for ann from 198.51.100.7 port 40 ssh2'
    expect(readMessage(1, `Failed password for invalid user ${posing} from 203.0.113.9 port 5 ssh2`)).toMatchObject({
      outcome: 'refused',
    })
  })
})

test('A source that is let in after it was refused often enough has guessed', () => {
  const { add, tally } = tallyOf(5)
  const login = (outcome: 'refused' | 'let in', source: string, times = 1) => add({ at: 0, outcome, source, times })
  login('refused', 'guesser', 4)
  login('let in', 'guesser')
  expect(tally().guessed).toEqual([])
  login('refused', 'guesser')
  login('refused', 'clumsy')
  login('let in', 'clumsy')
  login('let in', 'good')
  login('let in', 'guesser')
  expect(tally()).toEqual({
    refused: 6,
    sources: [
      { source: 'guesser', refused: 5 },
      { source: 'clumsy', refused: 1 },
    ],
    guessed: [{ source: 'guesser', refused: 5 }],
  })
})
