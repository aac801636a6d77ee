import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { generatedFolderOf, writeGiven } from '../../../compose/docker/given.ts'
import { filledFor } from '../../../compose/mimir/filled.ts'
import { root } from '../../../compose/plan.ts'
import { readEnv } from '../../../config/env.ts'

const pager = composeDeployment.pager ?? ''

const folder = mkdtempSync(join(tmpdir(), 'fill-'))
afterAll(() => rmSync(folder, { recursive: true }))

const secrets = join(folder, 'secrets')
mkdirSync(secrets)
for (const [, path = ''] of (artefacts().get('mimir/alertmanager.yml') ?? '').matchAll(/_file: (\S+)$/gm)) {
  writeFileSync(join(secrets, basename(path)), `secret of ${basename(path)}\n`)
}
const demo = readEnv({ SECRETS_DIR: secrets })
const given = readEnv({ SECRETS_DIR: secrets, API_URL: 'http://api.internal' })

describe("what is sent to a Mimir for the tenant's Alertmanager", () => {
  test('is what is committed for the demo, and what was written for what is given otherwise', () => {
    expect(generatedFolderOf(demo)).toBe(join(root, 'compose/generated'))
    expect(generatedFolderOf(given)).toBe(join(root, '.local/given'))
  })

  test("has its secrets, and the demo's pager for the demo only", () => {
    writeGiven(given, () => {}, join(folder, 'given'))
    const [ofDemo, ofGiven] = [filledFor(demo), filledFor(given, join(folder, 'given'))]
    for (const text of [ofDemo, ofGiven]) {
      expect(text).toContain('"secret of slack_webhook_url"')
      expect(text).not.toContain('_file: /')
    }
    expect(pager).toMatch(/^http:/)
    expect(ofDemo).toContain(pager)
    expect(ofGiven).not.toContain(pager)
  })

  test('is asked for where it was not written yet', () => {
    expect(() => filledFor(given, join(folder, 'nowhere'))).toThrow(
      /^there is no .*nowhere\/mimir\/alertmanager\.yml: type npm run generate -- --given$/,
    )
  })
})
