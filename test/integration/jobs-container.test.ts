import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { root } from '../../compose/plan.ts'
import { readEnv } from '../../config/env.ts'
import { type JobName, jobNames, notInContainers } from '../../config/jobs.ts'
import { notInContainers as notLookedAt, security } from '../../config/security.ts'
import { runJob } from '../../jobs/runner.ts'
import { securityAuditJob } from '../../jobs/security-audit/index.ts'
import { ports } from '../../jobs/security-audit/ports.ts'
import { checkOf, see } from './security-stand.ts'
import { eventually, workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())

const composed = z.object({ services: z.object({ jobs: z.object({ environment: z.record(z.string(), z.string()) }) }) })
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** What the image and the service give the jobs, but for the logins: no server is asked here. */
const given = (folder: string) => {
  const [, stage = ''] = read('compose/Dockerfile').split(/^FROM \S+ AS jobs$/m)
  const image = [...stage.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  const { environment } = composed.parse(parse(read('docker-compose.yml'), { merge: true })).services.jobs
  const service = Object.entries(environment).filter(([name]) => !name.endsWith('_FILE'))
  const places = { JOBS_DIR: join(folder, 'maintenance'), BACKUP_DIR: join(folder, 'backups') }
  return { ...Object.fromEntries([...image, ...service]), ...places }
}

/** The jobs' own program as the image starts it: with Node and no npm, in a folder without a checkout. */
const started = (...args: readonly string[]) => {
  const folder = mkdtempSync(join(shop.folder, 'container-'))
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(root, 'jobs/main.ts'), ...args], {
    cwd: folder,
    env: { ...given(folder), PATH: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { folder, child, said: () => said, ended }
}

const outside = jobNames.flatMap((name) => {
  const why = notInContainers[name]
  return why === undefined ? [] : [[name, why] as const]
})

describe('In a container', () => {
  test.each(outside)('%s is off, and says why to whoever asks for it', async (name: JobName, why) => {
    const [real, dry] = [started(name), started(name, '--dry-run')]
    expect([await real.ended, await dry.ended]).toEqual([64, 1])
    for (const one of [real, dry]) expect(one.said()).toContain(`${name} is off here: ${why}`)
    // As if it could be brought.
    expect(dry.said()).not.toContain('on PATH')
  })

  test('the schedule says at its start which are off, and the list does', async () => {
    const schedule = started('schedule')
    await eventually(schedule.said, (text) => /the schedule of \d+ jobs runs/.test(text))
    schedule.child.kill('SIGTERM')
    expect(await schedule.ended).toBe(0)
    const list = started('list')
    expect(await list.ended).toBe(0)
    for (const [name, why] of outside) {
      expect(schedule.said()).toContain(`${name} is off here: ${why}\n`)
      expect(list.said()).toMatch(new RegExp(`^${name} +off .*not here: `, 'm'))
    }
  })

  test("the audit succeeds: it leaves out what is the machine's, and its report says so", async () => {
    const folder = mkdtempSync(join(shop.folder, 'container-'))
    const env = readEnv(given(folder))
    // An image has no SSH server, and this machine may have one; what lies below its folder is not the image's either.
    const settings = {
      ...security,
      logins: { ...security.logins, files: [], server: join(folder, 'none') },
      permissions: { ...security.permissions, folders: [folder] },
    }
    const options = { folder: env.JOBS_DIR, signal: new AbortController().signal, tell: () => undefined }
    const { outcome, words, failures } = await runJob(securityAuditJob(env, { settings }), options)
    expect([outcome, words, failures]).toEqual(['succeeded', expect.stringMatching(/^0 findings of /), []])
    const report = readFileSync(join(env.JOBS_DIR, 'security-audit/report.md'), 'utf8')
    const [, left = ''] = report.split('## Not looked at')
    for (const why of Object.values(notLookedAt)) expect(left).toContain(why)
    expect(report).not.toContain('Could not be looked at')
  })

  test('the audit tries ports of other machines all the same, and looks at none of its own', async () => {
    const settings = { ...security.ports, tried: [1] }
    const here = () => Promise.reject(new Error('these are the own ones'))
    const planned = ports({ hosts: ['127.0.0.1'], settings, inContainer: true, here })
    expect((await checkOf(planned)).subjects[0]).toBe(`not this machine: ${notLookedAt.ports}`)
    const { findings, failures, notes } = await see(planned)
    expect([findings, failures]).toEqual([[], []])
    expect(notes).toEqual(['127.0.0.1: 1 ports were tried, 0 are open', `not this machine: ${notLookedAt.ports}`])
  })
})
