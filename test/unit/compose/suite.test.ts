import { describe, expect, test } from 'vitest'
import { sourcesOf } from '../../../compose/local/suite.ts'

const line = (uri: string, suite: string) =>
  `'${uri}/dists/${suite}/InRelease' ${uri.replace(/^\w+:\/\//, '')}_dists_${suite}_InRelease 0 \n`
const debian = 'http://deb.debian.org/debian'
const keyring = '/usr/share/keyrings/debian.gpg'

describe('packages of another suite', () => {
  test.each([
    ['the system has one', line(debian, 'bookworm'), [debian]],
    ['it is named twice', line(debian, 'bookworm') + line(debian, 'trixie'), [debian]],
    ['updates come from it too', line(debian, 'bookworm') + line(debian, 'bookworm-updates'), [debian]],
    [
      'security has a place of its own',
      line(debian, 'bookworm') + line(`${debian}-security`, 'bookworm-security'),
      [debian],
    ],
    [
      'it is a list of mirrors',
      line('mirror+file:/etc/apt/mirrors/debian.list', 'bookworm'),
      ['mirror+file:/etc/apt/mirrors/debian.list'],
    ],
    [
      'others have suites of such names',
      line('https://deb.nodesource.com/node_20.x', 'nodistro') + line(debian, 'stable'),
      ['https://deb.nodesource.com/node_20.x', debian],
    ],
  ])(
    'are looked for on the mirror the system uses, and believed only with the keys of Debian: %s',
    (_, uris, mirrors) => {
      expect(sourcesOf('trixie', uris, keyring)).toBe(
        mirrors.map((mirror) => `deb [signed-by=${keyring}] ${mirror} trixie main\n`).join(''),
      )
    },
  )

  test.each([
    [
      'no key of Debian is there',
      line(debian, 'bookworm'),
      undefined,
      /could not trust packages of Debian trixie: this is not Debian/,
    ],
    ['apt has no source', '', keyring, /could not find a mirror of Debian trixie/],
    ['apt fails', 'E: Malformed entry 1 in list file', keyring, /Malformed entry 1/],
  ])('are refused where %s', (_, uris, keys, message) => {
    expect(() => sourcesOf('trixie', uris, keys)).toThrow(message)
  })
})
