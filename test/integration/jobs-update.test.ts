import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whileNoneRuns } from '../../jobs/update/alone.ts'
import { cases } from '../prove/jobs/update.ts'
import { type UpdateStand, updateStand } from '../prove/jobs/update-stand.ts'
import { workshop } from './servers.ts'

const shop = workshop()
const minutes = { fetch: 1, install: 1, migrate: 1, healthy: 0.2, leftOver: 1 }
let stand: UpdateStand
beforeAll(async () => {
  stand = await updateStand(shop)
}, 300_000)
afterAll(async () => {
  await stand.end()
  await shop.end()
}, 60_000)

type Ran = Awaited<ReturnType<UpdateStand['run']>>
const measured = ({ samples }: Ran) =>
  Object.fromEntries(samples.map(({ metric, labels, value }) => [`${metric}${Object.values(labels)}`, value]))
const head = () => stand.git('rev-parse', 'HEAD')

describe('What is not as it has to be is refused by name, and nothing is changed', () => {
  /** Makes a fault, sees what is said, and undoes it. */
  const refused: readonly (readonly [what: string, make: () => void, undo: () => void, words: string])[] = [
    [
      'a dirty work tree',
      () => writeFileSync(join(stand.app, 'server.mjs'), 'changed'),
      () => void stand.git('checkout', '--quiet', '--', 'server.mjs'),
      'has changes that belong to no commit: server.mjs',
    ],
    [
      'a detached HEAD',
      () => void stand.git('checkout', '--quiet', '--detach'),
      () => void stand.git('switch', '--quiet', 'main'),
      'is detached: git -C',
    ],
    [
      'another branch',
      () => void stand.git('switch', '--quiet', '--create', 'hotfix'),
      () => void stand.git('switch', '--quiet', 'main'),
      'is on hotfix, not on main',
    ],
    [
      'a remote that is not there',
      () => void stand.git('remote', 'set-url', 'origin', '/nowhere.git'),
      () => void stand.git('remote', 'set-url', 'origin', stand.origin.bare),
      'origin cannot be asked for main',
    ],
    [
      "somebody else's git",
      () => writeFileSync(join(stand.app, '.git', 'index.lock'), ''),
      () => rmSync(join(stand.app, '.git', 'index.lock')),
      'index.lock is there',
    ],
  ]
  test.each(refused)('%s', async (_what, make, undo, words) => {
    const before = head()
    make()
    try {
      expect(await stand.plan()).toContain(words)
    } finally {
      undo()
    }
    expect([head(), stand.git('status', '--porcelain')]).toEqual([before, ''])
  })

  test.each([
    ['no folder', { API_DIR: '/nowhere' }, '/nowhere is no folder: set API_DIR'],
    [
      'a database that does not answer',
      { JOBS_DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' },
      'the schema of the database: ',
    ],
  ])('%s', async (_what, env, words) => {
    expect(await stand.plan({}, env)).toContain(words)
  })

  test('a branch that has gone its own way', async () => {
    const before = head()
    stand.origin.push({ version: '1.0.1' })
    execFileSync(
      'git',
      ['-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--allow-empty', '-m', 'own'],
      { cwd: stand.app },
    )
    const { outcome, words } = await stand.run()
    expect([outcome, words]).toEqual(['refused', expect.stringContaining('has commits that origin does not have')])
    stand.git('reset', '--quiet', '--hard', before)
  })

  test('a file that is in the way, a script that is missing, and an update of the security under way', async () => {
    const before = head()
    writeFileSync(join(stand.app, 'notes.txt'), 'precious')
    stand.origin.push({ version: '1.0.2', files: { 'notes.txt': 'theirs' } })
    const { outcome, failures } = await stand.run({ schema: { migrate: 'db:up', variable: 'DATABASE_URL' } })
    expect(outcome).toBe('refused')
    expect(failures.join('\n')).toContain('notes.txt. Move them away')
    expect(failures.join('\n')).toContain('has no script db:up')
    expect(readFileSync(join(stand.app, 'notes.txt'), 'utf8')).toBe('precious')
    rmSync(join(stand.app, 'notes.txt'))
    const other = await whileNoneRuns(stand.env.JOBS_DIR, ['security-update'], () => stand.run())
    expect([other.outcome, other.words]).toEqual(['refused', expect.stringContaining('the job security-update runs')])
    expect(head()).toBe(before)
  })
})

describe('An update', () => {
  test('saves the database, brings code, packages and schema, restarts the API, and loses no booking', async () => {
    const to = stand.origin.push({ version: '2.0.0', column: 'note' })
    const guests = stand.guests()
    const steps = await stand.plan()
    expect(steps).toContain('make a backup of the database (job backup)')
    const ran = await stand.run({ minutes }, 'by the job')
    expect(ran.failures).toEqual([])
    expect(ran.outcome).toBe('succeeded')
    expect(measured(ran)).toEqual({
      'deployment_timestamp_seconds2.0.0': expect.closeTo(Date.now() / 1_000, -2),
      update_rolled_back: 0,
      update_schema_ahead: 0,
    })
    expect(await stand.health()).toMatchObject({ status: 200, version: '2.0.0' })
    expect([head(), await stand.columns()]).toEqual([to, ['id', 'guest', 'note']])
    const saved = readdirSync(join(stand.env.BACKUP_DIR, 'database'))
    expect(saved.filter((name) => name.endsWith('.manifest.json'))).toHaveLength(1)
    expect(await guests.stop()).toMatchObject({ lost: 0 })
  })

  test('says that there is nothing to do where there is nothing', async () => {
    const state = statSync(join(stand.env.JOBS_DIR, 'update', 'state.json')).mtimeMs
    const { outcome, words, samples } = await stand.run()
    expect([outcome, samples]).toEqual(['succeeded', []])
    expect(words).toContain('has the newest commit of main')
    expect(statSync(join(stand.env.JOBS_DIR, 'update', 'state.json')).mtimeMs).toBe(state)
  })

  test('takes code, packages and schema back where the API is not healthy', async () => {
    const before = head()
    stand.origin.push({ version: '3.0.0', column: 'allergy', healthy: false, files: { 'new.txt': 'new' } })
    const guests = stand.guests()
    const ran = await stand.run({ minutes })
    expect(ran.outcome).toBe('failed')
    expect(ran.words).toContain('is back, healthy, and the schema fits it')
    expect(measured(ran)).toEqual({ update_rolled_back: 1, update_schema_ahead: 0 })
    expect(await stand.health()).toMatchObject({ status: 200, version: '2.0.0' })
    expect([head(), await stand.columns(), stand.git('status', '--porcelain')]).toEqual([
      before,
      ['id', 'guest', 'note'],
      '',
    ])
    expect(await guests.stop()).toMatchObject({ lost: 0 })
  })

  test('takes it back where another version than the new one answers', async () => {
    stand.origin.push({ version: '3.1.0', tells: '2.0.0' })
    const ran = await stand.run({ minutes })
    expect(ran.words).toContain('tells of version 2.0.0, where 3.1.0 was brought')
    expect(await stand.health()).toMatchObject({ status: 200, version: '2.0.0' })
  })

  test('takes it back where packages cannot be installed, and tells nobody what npm said of guests', async () => {
    stand.origin.push({ version: '3.2.0', installs: false })
    const ran = await stand.run({ minutes })
    expect(ran.words).toContain('npm ci --omit=dev ended with 3: what it said is in')
    expect(JSON.stringify(ran)).not.toContain('guest@example.com')
    const log = join(stand.env.JOBS_DIR, 'update', 'install.log')
    expect(readFileSync(log, 'utf8')).toContain('guest@example.com')
    expect(statSync(log).mode & 0o777).toBe(0o600)
    expect(await stand.health()).toMatchObject({ status: 200, version: '2.0.0' })
  })

  test('stops where a migration ended halfway: takes no other back, says so, and tells how to get the backup', async () => {
    stand.origin.push({ version: '4.0.0', column: 'seat', migrationFails: 'behind' })
    const ran = await stand.run({ minutes })
    expect(ran.outcome).toBe('failed')
    expect(measured(ran)).toEqual({ update_rolled_back: 1, update_schema_ahead: 1 })
    const said = ran.failures.join('\n')
    expect(said).toContain('public.schema_migrations has nothing that was applied since')
    expect(said).toContain('column public.reservations.seat was added')
    expect(said).toMatch(
      /createdb .* && age -d -i KEY-FILE .*database-\d{8}T\d{6}Z\.dump\.gz\.age \| gunzip \| pg_restore/,
    )
    expect(said).not.toContain(new URL(stand.env.JOBS_DATABASE_URL).password)
    // The column before it, and all that was booked, are there.
    expect(await stand.columns()).toEqual(['id', 'guest', 'note', 'seat'])
    expect(await stand.health()).toMatchObject({ status: 200, version: '2.0.0' })
  })

  test('goes forward from there once the fault is mended', async () => {
    stand.origin.push({
      version: '4.1.0',
      files: { 'migrations/4.0.0.up.sql': 'alter table reservations add if not exists seat text' },
    })
    const ran = await stand.run({ minutes })
    expect(ran.words).toContain('the API is at 4.1.0')
    expect(measured(ran)).toMatchObject({ update_rolled_back: 0, update_schema_ahead: 0 })
  })
})

test('The package-lock.json that a security update left is no fault, and is back where an update is taken back', async () => {
  const lock = join(stand.app, 'package-lock.json')
  const fixed = `${readFileSync(lock, 'utf8')}\n`
  writeFileSync(lock, fixed)
  expect(await stand.plan()).toContain('has changes that belong to no commit: package-lock.json')
  const own = join(stand.env.JOBS_DIR, 'security-update')
  mkdirSync(own, { recursive: true })
  const digest = createHash('sha256').update(fixed).digest('hex')
  writeFileSync(join(own, 'state.json'), JSON.stringify({ version: 1, folder: stand.app, step: 'done', lock: digest }))
  stand.origin.push({ version: '5.0.0', installs: false })
  const ran = await stand.run({ minutes })
  expect(ran.words).toContain('is back, healthy')
  expect(readFileSync(lock, 'utf8')).toBe(fixed)
  expect(stand.git('status', '--porcelain')).toBe('M package-lock.json')
})

test('The next run goes on where one was killed while npm installed packages', async () => {
  const one = cases.find(({ name }) => name.startsWith('kill -9 of the job at install'))
  const own = workshop()
  try {
    expect(await one?.prove(own)).toMatchObject({ faults: [] })
  } finally {
    await own.end()
  }
}, 300_000)
