import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'

const run = promisify(execFile)
const units = fileURLToPath(new URL('../../compose/systemd/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'units-'))
afterAll(() => rmSync(folder, { recursive: true }))

// macOS has no systemd, and no package of it.
describe.skipIf(process.platform !== 'linux')('systemd', () => {
  let analyze = ''
  beforeAll(async () => {
    analyze = (await ensurePrograms(['systemd-analyze']))['systemd-analyze'].path
  })
  /** What it has to say: a line of warning is a fault as well. */
  const complaints = async (path: string) => {
    const { stdout, stderr } = await run(analyze, ['verify', '--man=no', path]).catch((failure) => failure)
    return `${stdout}${stderr}`.trim()
  }

  test.each(['techplus-api.service', 'techplus-jobs.service'])('%s is a unit without a fault', async (unit) => {
    expect(await complaints(join(units, unit))).toBe('')
  })

  test('a slip in one of them would be found', async () => {
    copyFileSync(join(units, 'techplus-jobs.service'), join(folder, 'techplus-jobs.service'))
    const path = join(folder, 'techplus-jobs.service')
    writeFileSync(path, readFileSync(path, 'utf8').replace('TimeoutStopSec=90', 'TimeoutStopSeconds=90'))
    expect(await complaints(path)).toMatch(/TimeoutStopSeconds/)
    writeFileSync(
      path,
      readFileSync(join(units, 'techplus-jobs.service'), 'utf8').replace('/usr/bin/env', '/usr/bin/nothing'),
    )
    expect(await complaints(path)).toMatch(/nothing is not executable/)
  })

  test('the schedule that the unit starts is there', () => {
    const unit = readFileSync(join(units, 'techplus-jobs.service'), 'utf8')
    const [, path = ''] = /ExecStart=.* (\S+\.ts) schedule$/m.exec(unit) ?? []
    expect(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')).toContain('openJobs')
  })
})
