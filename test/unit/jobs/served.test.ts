import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnv } from '../../../config/env.ts'
import { type JobName, type JobSettings, jobNames, jobs, notInContainers, settingsFor } from '../../../config/jobs.ts'
import { sourceVariables } from '../../../config/targets.ts'
import { openFolders } from '../../../exporters/index.ts'
import { placesOf } from '../../../exporters/jobs/folder.ts'
import { settingFaults } from '../../../exporters/jobs/setting-faults.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { exporterServer } from '../../../exporters/server.ts'
import { opens } from '../../../jobs/backup/encryption.ts'
import { withDemo } from '../../../jobs/demo.ts'
import { keepingOf, runName } from '../../../jobs/keeping.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'served-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const served = async (env: Readonly<Record<string, string>>) => {
  const app = exporterServer({ scraped: openFolders(readEnv(env)), registry: processRegistry(), log: false })
  const { statusCode, body } = await app.inject('/metrics/jobs/maintenance')
  await app.close()
  return { statusCode, lines: body.split('\n').filter((line) => !line.startsWith('#')) }
}

describe('The exporter', () => {
  test('tells of every job before any has run, of a folder that nobody has made yet', async () => {
    const JOBS_DIR = join(folder, 'none')
    const { statusCode, lines } = await served({ JOBS_DIR })
    expect(statusCode).toBe(200)
    expect(lines).toContain('maintenance_up 1')
    for (const name of jobNames) {
      expect(lines).toContain(`maintenance_job_enabled{job_name="${name}"} ${jobs[name].on ? 1 : 0}`)
      expect(lines).toContain(`maintenance_job_runs_total{job_name="${name}",outcome="failed"} 0`)
      expect(lines).toContain(`maintenance_scrape_collector_success{collector="${name}"} 1`)
    }
    expect(existsSync(JOBS_DIR)).toBe(false)
  })

  test('tells of a run as it was written down, and has the settings of the demo there', async () => {
    const keeping = keepingOf(folder, 'cleanup', { tell: () => undefined })
    await keeping.settle()
    const started = '2026-11-26T05:30:00.000Z'
    await keeping.end({
      ...{ version: 1, job: 'cleanup', run: runName(Date.parse(started)), started, ended: '2026-11-26T05:30:10.000Z' },
      ...{ outcome: 'undecided', words: 'asks', failures: ['asks'] },
      samples: [{ metric: 'cleanup_left', labels: { what: 'tokens' }, value: 12_345 }],
    })
    const { lines } = await served({ JOBS_DIR: folder, JOBS_DEMO: 'true' })
    expect(lines).toEqual(
      expect.arrayContaining([
        'cleanup_left{what="tokens"} 12345',
        'maintenance_job_enabled{job_name="cleanup"} 1',
        'maintenance_job_last_duration_seconds{job_name="cleanup"} 10',
        'maintenance_job_last_outcome{job_name="cleanup",outcome="undecided"} 1',
        'maintenance_job_last_outcome{job_name="cleanup",outcome="succeeded"} 0',
      ]),
    )
    expect(existsSync(placesOf(folder, 'backup').own)).toBe(false)
  })
})

test("In a container nothing that is the machine's is on, and all else is as it is elsewhere", () => {
  const on = (name: JobName): JobSettings => ({ ...jobs, [name]: { ...jobs[name], on: true } })
  for (const name of jobNames) {
    const impossible = notInContainers[name]
    const setting = settingsFor({ JOBS_IN_CONTAINER: 'true' }, on(name))[name]
    expect(setting).toEqual({ ...jobs[name], on: true, ...(impossible && { on: false, impossible }) })
  }
  expect(Object.keys(notInContainers)).toEqual(['restart', 'update', 'security-update'])
})

describe('The demo', () => {
  test('has settings without a fault, and nothing else has them', () => {
    expect(settingFaults(settingsFor({ JOBS_DEMO: 'true' }))).toEqual([])
    expect(settingsFor({})).toEqual(jobs)
    const on = (settings: ReturnType<typeof settingsFor>) => jobNames.filter((name) => settings[name].on)
    expect(on(settingsFor({ JOBS_DEMO: 'true' }))).toEqual(['backup', 'restore-test', 'cleanup', 'security-audit'])
    expect(on(settingsFor({}))).toEqual(['security-audit'])
  })

  test('has a key of its own, which stays and is for nobody else to read', async () => {
    const env = readEnv({ JOBS_DIR: folder, JOBS_DEMO: 'true' })
    const [first, second] = [await withDemo(env), await withDemo(env)]
    expect(second).toEqual(first)
    expect(await opens(first.BACKUP_IDENTITY ?? '', first.BACKUP_RECIPIENT ?? '')).toBe(true)
    const file = join(folder, 'demo', 'identity')
    expect([readFileSync(file, 'utf8').trim(), statSync(file).mode & 0o777]).toEqual([first.BACKUP_IDENTITY, 0o600])
  })

  test.each(sourceVariables)('is refused where %s says that something real is watched', async (name) => {
    const url = { DATABASE_URL: 'postgres://h/d', REDIS_URL: 'redis://h', API_URL: 'http://h' }[String(name)] ?? ''
    const env = readEnv({ JOBS_DIR: folder, JOBS_DEMO: 'true', [name]: url })
    await expect(withDemo(env)).rejects.toThrow(`JOBS_DEMO is for the demo's own servers: unset it, or ${name}`)
    expect(await withDemo(readEnv({ JOBS_DIR: folder, [name]: url }))).not.toHaveProperty('BACKUP_IDENTITY')
  })
})
