import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readNpmReport } from '../../../../jobs/security-audit/npm-report.ts'

/** What npm printed, where the name of its version stands in that of the file. */
const recorded = (name: string) => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8')
const levels = (text: string) => readNpmReport(text).map(({ name, level }) => `${name} ${level}`)

describe('A report of npm', () => {
  test.each([
    ['npm-11-none.json', []],
    ['npm-6-none.json', []],
    ['npm-7-many.json', ['axios high', 'follow-redirects high', 'github-build high']],
    // Each package once, by its worst, where npm 6 counts ten paths.
    ['npm-6-many.json', ['follow-redirects high', 'axios high']],
  ])('%s warns of %j', (name, expected) => {
    expect(levels(recorded(name))).toEqual(expected)
  })

  test('says why a package is warned of, and what to do', () => {
    const [axios, redirects, build] = readNpmReport(recorded('npm-7-many.json'))
    expect(axios?.because).toHaveLength(4)
    expect(axios?.because[1]).toBe(
      'Server-Side Request Forgery in Axios (https://github.com/advisories/GHSA-4w2v-q235-vp99)',
    )
    expect(redirects?.remedy).toBe('install axios@0.26.0, a new major version: read what it changes first')
    expect(build).toMatchObject({ because: ['it needs axios'], remedy: 'run npm audit fix' })
    const [older] = readNpmReport(recorded('npm-6-many.json'))
    expect(older?.remedy).toContain('Upgrade to version 1.14.')
  })
})

describe('What is no report is never none', () => {
  test.each([
    ['npm-11-no-lock-file.json', 'ENOLOCK: This command requires an existing lockfile.'],
    ['npm-11-refused.json', '405 Method Not Allowed'],
    ['npm-11-no-network.json', 'getaddrinfo ENOTFOUND registry.invalid'],
    ['npm-11-unreachable.json', 'connect ECONNREFUSED 127.0.0.1:9'],
    ['npm-7-cut-off.txt', 'no JSON, or was cut off'],
  ])('%s: %s', (name, words) => {
    expect(() => readNpmReport(recorded(name))).toThrow(words)
  })

  test.each([
    ['nothing', '', 'npm printed nothing'],
    ['an empty object', '{}', 'of a form that is not known here'],
    ['null', 'null', 'of a form that is not known here'],
    ['a page of a proxy', '<html><body>Sign in</body></html>', 'no JSON'],
    [
      'a newer form',
      recorded('npm-11-none.json').replace('"auditReportVersion": 2', '"auditReportVersion": 3'),
      'of a form that is not known here',
    ],
    [
      'an unknown level',
      recorded('npm-7-many.json').replace('"severity": "high"', '"severity": "grave"'),
      'of a form that is not known here',
    ],
    [
      'one that lists less than it counts',
      recorded('npm-11-none.json').replace('"total": 0', '"total": 3'),
      'npm counts 3 vulnerabilities and lists 0',
    ],
    [
      'an older one that lists less than it counts',
      recorded('npm-6-none.json').replace('"high": 0', '"high": 2'),
      'npm counts 2 vulnerabilities and lists 0',
    ],
    ['an error without a word', '{"error":{"summary":"","detail":""}}', 'npm failed without a word'],
  ])('%s', (_what, text, words) => {
    expect(() => readNpmReport(text)).toThrow(words)
  })

  test.each(Array.from({ length: 30 }, (_, part) => part))('cut after %i thirtieths', (part) => {
    const whole = recorded('npm-7-many.json')
    expect(() => readNpmReport(whole.slice(0, Math.floor((whole.length * part) / 30)))).toThrow('npm printed')
  })
})
