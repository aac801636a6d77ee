import { expect, test } from 'vitest'
import { rootPrefix, sudoersLine } from '../../../../jobs/security-update/root.ts'
import { commandsOf } from '../../../../jobs/security-update/system.ts'

const { signal } = new AbortController()
const { mend, lists, install } = commandsOf('all', '/usr/bin/apt-get', '/usr/bin/dpkg')
const commands = [mend, lists, install]
const line =
  'deploy ALL=(root) NOPASSWD: /usr/bin/dpkg --configure -a, /usr/bin/apt-get -o DPkg\\:\\:Lock\\:\\:Timeout\\=600 update, ' +
  '/usr/bin/apt-get -y -o DPkg\\:\\:Lock\\:\\:Timeout\\=600 -o Dpkg\\:\\:Options\\:\\:\\=--force-confdef ' +
  '-o Dpkg\\:\\:Options\\:\\:\\=--force-confold --with-new-pkgs --no-remove upgrade'

test('The line for sudoers names every command with its words, and none with a wildcard', () => {
  expect(sudoersLine('deploy', commands)).toBe(line)
  expect(line).not.toContain('*')
  expect(sudoersLine('deploy', [['/usr/bin/true']])).toBe('deploy ALL=(root) NOPASSWD: /usr/bin/true ""')
})

test('Root needs nothing before a command', async () => {
  expect(await rootPrefix({ commands, signal, user: { uid: 0, username: 'root' } })).toEqual([])
})

test.each([
  ['without sudo', undefined, 'there is no sudo'],
  ['whom sudo refuses', '/bin/false', 'deploy may not run /usr/bin/dpkg --configure -a as root'],
])('Another user %s is told what to write', async (_what, sudo, words) => {
  const user = { uid: 1_000, username: 'deploy' }
  const refused = rootPrefix({ commands, signal, user, sudo })
  await expect(refused).rejects.toThrow(words)
  await expect(refused).rejects.toThrow(line)
})

test('Another user whom sudo lets goes by sudo, without a password', async () => {
  const user = { uid: 1_000, username: 'deploy' }
  expect(await rootPrefix({ commands, signal, user, sudo: '/bin/true' })).toEqual(['/bin/true', '-n'])
})
