import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Delivery, ourDelivery } from '../../../alerts/routes.ts'
import { assertSecrets, secretFaults } from '../../../compose/secret-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const names = ['pagerduty_routing_key', 'pagerduty_escalation_key', 'slack_webhook_url', 'smtp_password'] as const
const [key] = names
const file = (name: string) => join(folder, name)
const write = (name: string, text: string, mode = 0o600) => {
  writeFileSync(file(name), text)
  chmodSync(file(name), mode)
}
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const name of names) write(name, 'hunter2')
})

const faults = (more: Partial<Parameters<typeof secretFaults>[0]> = {}) =>
  secretFaults({ secretsDir: folder, needed: true, container: false, ...more })
const who = 'config/teams.ts: teams.platform.tell.critical[0] and 1 more need'

describe('before anything starts, a secret', () => {
  test('that only its owner can read is taken', () => {
    expect(faults()).toEqual([])
    write(key, 'hunter2', 0o400)
    expect(faults()).toEqual([])
  })

  test.each([0o640, 0o620, 0o610])('that a group gets at is refused: mode %i', (mode) => {
    write(key, 'hunter2', mode)
    const fault = `${who} ${file(key)}, which every user of the group ${statSync(file(key)).gid} gets at. Type: chmod 600 ${file(key)}`
    expect(faults()).toEqual([fault])
    expect(faults({ needed: false })).toEqual([fault])
  })

  test('that is missing is told of in one line, with the channel, the file and what to put in', () => {
    rmSync(file(key))
    rmSync(file('smtp_password'))
    expect(faults()).toEqual([
      `${who} ${file(key)}, which is missing: put the integration key of PagerDuty's Events API v2 into it, and type: ` +
        `chmod 600 ${file(key)}`,
      expect.stringMatching(
        /^config\/teams\.ts: teams\.platform\.tell\.high\[1\] and \d+ more need \S+smtp_password, which is missing: /,
      ),
    ])
  })

  test('that is missing is none where nobody has to be told', () => {
    rmSync(file(key))
    expect(faults({ needed: false })).toEqual([])
  })

  test.each(['', ' \n'])('that holds %j is empty, also where nobody has to be told', (text) => {
    write(key, text)
    const fault = `${who} ${file(key)}, which is empty: put the integration key of PagerDuty's Events API v2 into it`
    expect(faults()).toEqual([fault])
    expect(faults({ needed: false })).toEqual([fault])
  })

  test.each([0o604, 0o644, 0o602])(
    'that every user gets at is refused, also where nobody has to be told: mode %i',
    (mode) => {
      write(key, 'hunter2', mode)
      const fault = `${who} ${file(key)}, which every user of this machine gets at. Type: chmod 600 ${file(key)}`
      expect(faults()).toEqual([fault])
      expect(faults({ needed: false })).toEqual([fault])
    },
  )

  test('of the mail relay ends without a line break, or an older Alertmanager logs in with it', () => {
    for (const name of names) write(name, 'hunter2\n')
    const fault = expect.stringMatching(
      /smtp_password, which ends in a line break, and older Alertmanagers log in with it. Type: printf %s "\$\(cat (\S+)\)" > \1$/,
    )
    expect(faults()).toEqual([fault])
  })

  test('that is a folder is no file', () => {
    rmSync(file(key))
    mkdirSync(file(key))
    expect(faults()).toEqual([expect.stringContaining(`${file(key)}, which is no file`)])
  })

  test('of a webhook is looked for as well', () => {
    const delivery: Delivery = {
      ...ourDelivery,
      heartbeat: [
        { kind: 'webhook', urlSecret: 'heartbeat_url' },
        { kind: 'webhook', url: 'https://x', secret: 'token' },
      ],
    }
    expect(faults({ delivery })).toEqual([
      expect.stringContaining(
        `config/teams.ts: heartbeat[0] needs ${file('heartbeat_url')}, which is missing: put the URL`,
      ),
      expect.stringContaining(
        `config/teams.ts: heartbeat[1] needs ${file('token')}, which is missing: put the bearer token`,
      ),
    ])
  })
})

describe.runIf(process.platform === 'linux')('for a container, a secret', () => {
  const contained = { container: true, needed: false }
  const path = file(key)
  const given = `sudo chown 65534 ${path} && sudo chmod 400 ${path} (or, to keep it: sudo chgrp 65534 ${path} && chmod 640 ${path})`
  const alone = () => {
    for (const name of names) if (name !== key) rmSync(file(name))
  }

  test('of ours is refused: its user cannot read it', () => {
    alone()
    expect(faults(contained)).toEqual([
      `${who} ${file(key)}, which Alertmanager, user 65534 in its container, cannot read. Type: ${given}`,
    ])
  })

  test('that every user gets at is refused, with the way to let in that one', () => {
    alone()
    write(key, 'hunter2', 0o644)
    expect(faults(contained)).toEqual([`${who} ${file(key)}, which every user of this machine gets at. Type: ${given}`])
  })

  test.runIf(process.getuid?.() === 0)('given to its user, or to its group, is taken', () => {
    for (const name of names) chownSync(file(name), 65534, 0)
    chownSync(file(key), 0, 65534)
    chmodSync(file(key), 0o640)
    expect(faults(contained)).toEqual([])
  })

  test.runIf(process.getuid?.() === 0).each([
    ['of another user', 1000, 1000, 0o600],
    ['of the superuser', 0, 0, 0o400],
    ['of its group, which may not read it', 0, 65534, 0o600],
    ['of its user, who may not read it', 65534, 65534, 0o240],
  ] as const)('%s is refused', (_whose, uid, gid, mode) => {
    alone()
    chownSync(path, uid, gid)
    chmodSync(path, mode)
    expect(faults(contained)).toEqual([
      `${who} ${path}, which Alertmanager, user 65534 in its container, cannot read. Type: ${given}`,
    ])
  })

  test.runIf(process.getuid?.() === 0)('given to its user that another group gets at is refused', () => {
    alone()
    chownSync(path, 65534, 1000)
    chmodSync(path, 0o440)
    expect(faults(contained)).toEqual([`${who} ${path}, which every user of the group 1000 gets at. Type: ${given}`])
  })
})

test('all that is wrong is told at once, with the way to watch all the same', () => {
  rmSync(folder, { recursive: true, force: true })
  const told = () => assertSecrets({ secretsDir: folder, needed: true, container: false })
  expect(told).toThrow(
    /^could not tell anybody of alerts:\n( {2}config\/teams\.ts: .*\n){4}To watch all the same, and tell nobody: npm start -- --tell-nobody$/,
  )
  expect(() => assertSecrets({ secretsDir: folder, needed: false, container: false })).not.toThrow()
})
