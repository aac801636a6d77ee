import { expect, test } from 'vitest'
import type { Seen } from '../../../../jobs/security-audit/check.ts'
import { type Audit, reportOf, summaryOf } from '../../../../jobs/security-audit/report.ts'

const seen = (more: Partial<Seen> = {}): Seen => ({ findings: [], failures: [], notes: [], samples: [], ...more })
const audit: Audit = {
  at: new Date('2026-11-26T20:00:30Z'),
  machine: 'www',
  done: [
    { name: 'npm_audit', seen: seen({ failures: ['.: the registry refused'] }) },
    {
      name: 'ports',
      seen: seen({
        findings: [
          { what: 'port 6379/tcp is open', remedy: 'shut it' },
          { what: 'port 25/tcp is open', remedy: 'allow it' },
          { what: 'port 23/tcp is open', remedy: 'shut it' },
        ],
      }),
    },
    { name: 'permissions', seen: seen({ notes: ['/srv: 12 files'] }) },
  ],
  leftOut: [{ name: 'redis_acl', leftOut: 'REDIS_URL is not set' }],
}

test('A report says what was found, what could not be looked at and what was left out', () => {
  expect(summaryOf(audit)).toBe(
    '3 findings of 3 checks: ports 3; not everything could be looked at: npm_audit; left out: redis_acl.',
  )
  expect(reportOf(audit)).toMatchInlineSnapshot(`
    "# Security audit

    2026-11-26 20:00 UTC, on www. 3 findings of 3 checks: ports 3; not everything could be looked at: npm_audit; left out: redis_acl.

    | Check | Findings | |
    |---|---:|---|
    | Known vulnerabilities | ? | could not look at everything |
    | Open ports | 3 |  |
    | Files that everybody may change | 0 |  |

    ## Known vulnerabilities

    That nothing stands here says nothing: not everything could be looked at.

    Could not be looked at:

    - .: the registry refused

    ## Open ports

    - **port 6379/tcp is open**
    - **port 23/tcp is open**

      To do: shut it

    - **port 25/tcp is open**

      To do: allow it

    ## Files that everybody may change

    Nothing was found.

    Looked at:

    - /srv: 12 files

    ## Not looked at

    - Users of Redis: REDIS_URL is not set
    "
  `)
})

test('A name that would be read as something else is read as it is', () => {
  const what = '/srv/[x](http://evil)`<b>\n# All is well\u202e: open'
  const text = reportOf({
    ...audit,
    done: [{ name: 'permissions', seen: seen({ findings: [{ what, remedy: 'chmod' }] }) }],
  })
  expect(text).toContain('/srv/\\[x\\](http://evil)\\`\\<b\\>\\u{a}# All is well\\u{202e}: open')
  expect(text).not.toMatch(/^# All/m)
})
