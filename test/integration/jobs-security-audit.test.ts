import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readEnv } from '../../config/env.ts'
import { jobsCollectors } from '../../exporters/jobs/index.ts'
import type { JobRecord } from '../../exporters/jobs/record.ts'
import { jobsFolder } from '../../exporters/jobs/source.ts'
import { isTable } from '../../exporters/reading.ts'
import { dryRun } from '../../jobs/runner.ts'
import { securityAuditJob } from '../../jobs/security-audit/index.ts'
import { killedAt } from '../prove/jobs/security-audit.ts'
import { auditStand, strong, type Task } from '../prove/jobs/security-audit-stand.ts'
import { portOfServer } from './security-stand.ts'
import { workshop } from './servers.ts'

const shop = workshop()
let stand: Awaited<ReturnType<typeof auditStand>>
beforeAll(async () => {
  stand = await auditStand(shop)
})
afterAll(async () => {
  stand.end()
  await shop.end()
})

const closing: (() => unknown)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const valuesOf = ({ samples }: JobRecord, metric: string) =>
  Object.fromEntries(
    samples.filter((one) => one.metric === metric).map(({ labels, value }) => [Object.values(labels).join(), value]),
  )
const withEnv = (more: Readonly<Record<string, string>>): Task => ({
  ...stand.task,
  env: { ...stand.task.env, ...more },
})
/** An endpoint that takes connections and never says a word. */
const mute = async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  return `localhost:${portOfServer(server)}`
}

const looked = ['npm_audit', 'certificates', 'permissions', 'logins', 'passwords', 'postgres_roles', 'redis_acl']
const each = (value: number) => Object.fromEntries(looked.map((name) => [name, value]))

test('A dry run says what would be looked at, what would be left out, and looks at nothing', async () => {
  const lines: string[] = []
  const env = readEnv({ JOBS_DIR: join(shop.folder, 'unused'), AUDIT_HOSTS: 'db.internal' })
  await dryRun(securityAuditJob(env), { tell: (line) => void lines.push(line), signal: new AbortController().signal })
  const text = lines.join('\n')
  expect(text).toContain(`  - npm_audit: npm audit of ${process.cwd()}`)
  expect(text).toMatch(
    / {2}- ports: what listens on this machine: 22\/tcp, .*; 25 ports of db\.internal, by connecting to each: 21, 23/,
  )
  expect(text).toContain('  - leaves out redis_acl: neither JOBS_REDIS_URL nor REDIS_URL is set')
  expect(text).toContain(`  - writes the report to ${join(shop.folder, 'unused', 'security-audit', 'report.md')}`)
})

test('Where all is well it succeeds, finds nothing and says so', async () => {
  const record = await stand.run()
  expect(record).toMatchObject({ outcome: 'succeeded', failures: [] })
  expect(record.words).toBe('0 findings of 7 checks; left out: ports, updates.')
  expect(valuesOf(record, 'security_check_ran')).toEqual(each(1))
  expect(valuesOf(record, 'security_findings')).toEqual(each(0))
  const { text, mode } = stand.report()
  expect(mode).toBe(0o600)
  expect(text).toContain('- Open ports: config/security.ts switches it off: others listen on the machine as well')
})

test('What was planted is measured and reported by name, and fails no run; no secret is told', async () => {
  const [admin, cache] = [new Client(stand.database.url), new Redis(stand.cache.url)]
  await admin.connect()
  closing.push(
    () => cache.disconnect(),
    () => admin.end(),
  )
  const planted = join(stand.folder, 'planted.js')
  writeFileSync(planted, '')
  chmodSync(planted, 0o666)
  writeFileSync(join(stand.folder, '.env'), 'API_PASSWORD=changeme\n')
  const at = new Date(Date.now() - 3_600_000).toISOString()
  const refused = `${at} www sshd[1]: Failed password for invalid user typed-by-mistake from 203.0.113.9 port 5 ssh2\n`
  writeFileSync(stand.log, refused.repeat(30))
  await admin.query(`create role intruder superuser login password 'letmein'`)
  await cache.call('ACL', 'SETUSER', 'open', 'on', 'nopass', '~*', '+flushall')
  const record = await stand.run(
    withEnv({ AUDIT_ENDPOINTS: `${stand.endpoint} ${stand.endpoint.replace('localhost', '127.0.0.1')}` }),
  )
  expect(record).toMatchObject({ outcome: 'succeeded', failures: [] })
  expect(valuesOf(record, 'security_findings')).toEqual({
    ...each(1),
    npm_audit: 0,
    passwords: 2,
    redis_acl: 2,
  })
  expect(valuesOf(record, 'security_failed_logins')).toEqual({ '': 30 })
  expect(Object.values(valuesOf(record, 'security_certificate_name_matches')).toSorted()).toEqual([0, 1])
  const { text } = stand.report()
  for (const named of [
    planted,
    'the role intruder',
    'the login intruder',
    'the user open',
    '203.0.113.9 (30)',
    'API_PASSWORD in ',
  ]) {
    expect(text).toContain(named)
  }
  expect(`${text}${JSON.stringify(record)}`).not.toMatch(/changeme|letmein|typed-by-mistake/)
  expect(`${text}${JSON.stringify(record)}`).not.toContain(strong)
  expect(JSON.stringify(record)).not.toMatch(/203\.0\.113\.9|intruder/)

  await admin.query('drop role intruder')
  await cache.call('ACL', 'DELUSER', 'open')
  chmodSync(planted, 0o644)
  writeFileSync(join(stand.folder, '.env'), `API_PASSWORD=${strong}\n`)
  writeFileSync(stand.log, '')
  expect(valuesOf(await stand.run(), 'security_findings')).toEqual(each(0))
})

test('A check that could not look at everything fails the run by name, and the others are told', async () => {
  const record = await stand.run({
    ...withEnv({ AUDIT_ENDPOINTS: `${stand.endpoint} ${await mute()}` }),
    settings: {
      ...stand.task.settings,
      certificates: { ...stand.task.settings.certificates, seconds: 1 },
      npm: { ...stand.task.settings.npm, folders: [join(shop.folder, 'nowhere')] },
    },
  })
  expect(record.outcome).toBe('failed')
  expect(record.failures).toEqual([
    expect.stringMatching(/^npm_audit could not look at everything: .* it has no package-lock\.json/),
    expect.stringMatching(/^certificates could not look at everything: localhost:\d+: it does not answer/),
  ])
  expect(valuesOf(record, 'security_check_ran')).toEqual({ ...each(1), npm_audit: 0, certificates: 0 })
  // Where not everything was looked at, none is no number.
  expect(Object.keys(valuesOf(record, 'security_findings'))).not.toContain('npm_audit')
  expect(valuesOf(record, 'security_vulnerabilities')).toEqual({})
  expect(Object.keys(valuesOf(record, 'security_certificate_trusted'))).toEqual([stand.endpoint])
  expect(stand.report().text).toContain('Could not be looked at:')
})

test('What it does not look at any more is told no more; what it could not look at stays as it was', async () => {
  const told = async () => {
    const collector = jobsCollectors().find(({ name }) => name === 'security-audit')
    const account = { spent: () => undefined, failed: () => undefined }
    const reader = jobsFolder(stand.task.env.JOBS_DIR ?? '').reader(account)
    const samples = (await collector?.collect(reader, new AbortController().signal)) ?? []
    return samples.flatMap((one) => (isTable(one) ? [] : [one.metric.name]))
  }
  const off = { ...stand.task.settings.off, npm_audit: 'a test' }
  await stand.run({ ...stand.task, settings: { ...stand.task.settings, off } })
  expect(await told()).toContain('security_certificate_trusted')
  await stand.run({
    ...withEnv({ AUDIT_ENDPOINTS: await mute() }),
    settings: { ...stand.task.settings, off, certificates: { soonDays: 20, seconds: 1 } },
  })
  expect(await told()).toContain('security_certificate_trusted')
  await stand.run({ ...withEnv({ AUDIT_ENDPOINTS: '' }), settings: { ...stand.task.settings, off } })
  expect(await told()).not.toContain('security_certificate_trusted')
  expect(await told()).toContain('security_failed_logins')
})

test('One that takes too long holds nobody up', async () => {
  const env = readEnv(withEnv({ AUDIT_ENDPOINTS: await mute() }).env)
  const { plan } = securityAuditJob(env, { settings: stand.task.settings, patience: 4_000 })
  const { run } = await plan(new AbortController().signal)
  const [steps, failures]: [string[], string[]] = [[], []]
  await run({
    signal: new AbortController().signal,
    step: (words) => void steps.push(words),
    progress: () => undefined,
    measured: () => undefined,
    nothing: () => undefined,
    failure: (words) => void failures.push(words),
  })
  expect(failures.filter((one) => one.startsWith('certificates '))).toEqual([
    expect.stringMatching(/^certificates could not look at everything: /),
  ])
  expect(steps).toEqual(expect.arrayContaining(['looks at permissions', 'looks at redis_acl']))
})

test('It ends at once when it is told to', async () => {
  const controller = new AbortController()
  let told = 0
  const running = stand.run(withEnv({ AUDIT_ENDPOINTS: await mute() }), {
    signal: controller.signal,
    tell: (words) => {
      if (words !== 'looks at certificates') return
      told = Date.now()
      controller.abort()
    },
  })
  expect(await running).toMatchObject({ outcome: 'stopped' })
  expect(Date.now() - told).toBeLessThan(10_000)
})

test('A kill leaves a whole report, and the next run succeeds', async () => {
  const own = workshop()
  try {
    expect((await killedAt(['passwords']).prove(own)).faults).toEqual([])
  } finally {
    await own.end()
  }
})
