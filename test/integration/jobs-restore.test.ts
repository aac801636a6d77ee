import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { generateX25519Identity } from 'age-encryption'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { restoreTestSettings } from '../../config/restore-test.ts'
import { treeSource } from '../../jobs/backup/archive.ts'
import type { SavedFile, SavedLink } from '../../jobs/backup/manifest.ts'
import type { Sealed } from '../../jobs/backup/seal.ts'
import { Refused } from '../../jobs/job.ts'
import { runJob } from '../../jobs/runner.ts'
import { cases } from '../prove/jobs/restore-test.ts'
import { at, measuredBy, type RestoreStand, restoreStand, restoring, slowly } from '../prove/jobs/restore-test-stand.ts'
import { eventually, workshop } from './servers.ts'

const shop = workshop()
let stand: RestoreStand
const { signal } = new AbortController()

beforeAll(async () => {
  stand = await restoreStand(shop)
})
afterAll(async () => {
  await stand?.end()
  await shop.end()
})
beforeEach(() => {
  stand.said.length = 0
  for (const folder of [stand.folders.backups, stand.folders.restore]) rmSync(folder, { recursive: true, force: true })
})

const faultsOf = async (...given: Parameters<RestoreStand['job']>) => {
  const refused = await stand
    .job(...given)
    .plan(signal)
    .catch((cause: unknown) => cause)
  if (refused instanceof Refused) return refused.faults
  throw new Error('it was not refused', { cause: refused })
}

/** What is told of a stored file. */
const readSealed = (text: string): Sealed => {
  const { plainBytes, plainSha256, bytes, sha256 } = JSON.parse(text)
  return { plainBytes, plainSha256, bytes, sha256 }
}

describe('a database that is restored', () => {
  test('comes back as it was saved, and nothing is left of it', async () => {
    await stand.save()
    const before = stand.statements().length
    const record = await stand.run()
    expect(record.failures).toEqual([])
    expect(record.outcome).toBe('succeeded')
    const measured = measuredBy(record)
    expect(measured).toMatchObject({
      'restore_test_faults database rows': 0,
      'restore_test_faults database constraints': 0,
      'restore_test_faults database indexes': 0,
      'restore_test_faults database other': 0,
    })
    expect(measured['restore_test_duration_seconds database']).toBeGreaterThan(0)
    expect(measured['restore_test_data_age_seconds database']).toBeGreaterThan(59)
    expect(measured['restore_test_data_age_seconds database']).toBeLessThan(120)
    expect(measured.restore_test_newest_reservation_age_seconds).toBeGreaterThan(3_600)
    expect(measured.restore_test_newest_reservation_age_seconds).toBeLessThan(3_800)
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
    // Whatever it asked, it asked in the database of its URL, and in the scratch database.
    const asked = stand.statements().slice(before)
    const databases = new Set(asked.flatMap((line) => /^@([^@]*)@ LOG: {2}(?:statement|execute)/.exec(line)?.[1] ?? []))
    expect([...databases].toSorted()).toEqual(['postgres', 'techplus_restore_test'])
    // And changed nothing in the first.
    const changes = asked.filter((line) =>
      /^@postgres@ LOG: .*(create|drop|alter|comment|revoke|insert|update|delete|truncate) /i.test(line),
    )
    expect(changes.map((line) => line.replace(/^.*?(?:statement|execute [^:]*): /, ''))).toEqual([
      'create database "techplus_restore_test" template template0 connection limit 23',
      'revoke all on database "techplus_restore_test" from public',
      expect.stringMatching(/^comment on database "techplus_restore_test" is /),
      'drop database "techplus_restore_test" with (force)',
    ])
  })
  test('is told of by name where a row, a constraint or an index is missing', async () => {
    await stand.save({
      plant: `
        delete from reservations where id = (select min(id::text)::uuid from reservations);
        alter table reservations drop constraint reservations_party_size_check;
        drop index reservations_status_date`,
    })
    const record = await stand.run()
    await stand.client.query(`
      alter table reservations add constraint reservations_party_size_check check (party_size between 1 and 20);
      create index reservations_status_date on reservations (status, date) include (party_size)`)
    expect(record.outcome).toBe('failed')
    expect(record.failures).toEqual([
      'database: table public.reservations has 299 rows, the backup was taken with 300',
      'database: constraint public.reservations.reservations_party_size_check is missing',
      'database: index public.reservations_status_date is missing',
    ])
    expect(measuredBy(record)).toMatchObject({
      'restore_test_faults database rows': 1,
      'restore_test_faults database constraints': 1,
      'restore_test_faults database indexes': 1,
      'restore_test_faults database other': 0,
    })
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
  })

  test('is told of by name where an index was not valid, or does not become so', async () => {
    // As a CREATE INDEX CONCURRENTLY leaves it that fails.
    await expect(
      stand.client.query('create unique index concurrently tables_seats on tables (seats)'),
    ).rejects.toThrow()
    await stand.client.query(`
      create table visits (id integer, day date) partition by range (day);
      create table visits_2026 partition of visits for values from ('2026-01-01') to ('2027-01-01');
      create index visits_day on only visits (day)`)
    await stand.save()
    const record = await stand.run()
    expect(record.failures).toEqual([
      'database: index public.tables_seats was not valid when the backup was taken, and does not come back: mend it where it was, by reindex index concurrently public.tables_seats',
      'database: index public.visits_day was not valid when the backup was taken, and is not now: mend it where it was, by reindex index concurrently public.visits_day',
    ])
    // Valid when its rows were counted, and not when it was dumped.
    await stand.client.query(`
      drop index tables_seats;
      create index visits_2026_day on visits_2026 (day);
      alter index visits_day attach partition visits_2026_day`)
    await stand.save({ plant: 'drop index visits_day; create index visits_day on only visits (day)' })
    const { failures } = await stand.run()
    await stand.client.query('drop table visits')
    expect(failures).toEqual([
      'database: index public.visits_2026_day is missing',
      'database: index public.visits_day is not valid',
    ])
  })

  test('may have constraints that nobody validated, and is told of one that is not any more', async () => {
    const check = 'alter table users add constraint users_named check (length(name) > 1)'
    await stand.client.query(`${check} not valid`)
    await stand.save()
    const first = await stand.run()
    expect([first.outcome, first.failures]).toEqual(['succeeded', []])
    await stand.client.query('alter table users validate constraint users_named')
    await stand.save({ plant: `alter table users drop constraint users_named; ${check} not valid` })
    const { failures } = await stand.run()
    await stand.client.query('alter table users drop constraint users_named')
    expect(failures).toEqual([
      'database: constraint public.users.users_named is not validated, and was when the backup was taken',
    ])
  })

  test('is told of where its rows cannot be restored as they are, without a word of what is in them', async () => {
    await stand.client.query(`create function strict(text) returns boolean language sql immutable as $$ select current_database() = 'techplus' $$;
      alter table users add constraint users_strict check (public.strict(email))`)
    await stand.save()
    const record = await stand.run()
    await stand.client.query('drop function strict cascade')
    expect(record.failures.join('\n')).toContain('table public.users has 0 rows, the backup was taken with 100')
    expect(record.failures.join('\n')).toContain('users_strict')
    expect(record.failures.join('\n')).toContain(
      'could not restore FK CONSTRAINT reservations reservations_user_id_fkey',
    )
    expect(JSON.stringify(record)).not.toContain('@example.com')
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
  })

  test('is restored whatever limits are set for the statements of the login', async () => {
    await stand.save()
    await stand.admin.query(`alter role restore_test set statement_timeout = '100ms'`)
    const record = await stand.run()
    await stand.admin.query('alter role restore_test reset statement_timeout')
    expect([record.outcome, record.failures]).toEqual(['succeeded', []])
  })

  test('is the newest of those that are complete', async () => {
    const now = Date.now()
    await stand.save({ taken: now - 60_000 })
    const { manifest } = await stand.save({ taken: now - 30_000 })
    rmSync(manifest)
    await stand.save({ taken: now - 90_000 })
    const { steps } = await stand.job().plan(signal)
    expect(steps.join('\n')).toContain(new Date(now - 60_000).toISOString())
  })

  test('is dropped where the run is stopped', async () => {
    await stand.client.query(slowly(5))
    await stand.save()
    const stopping = new AbortController()
    const running = stand.run(stand.job(), { signal: stopping.signal })
    await eventually(building, Boolean)
    stopping.abort()
    const record = await running
    await stand.client.query('drop function slow cascade')
    expect(record.outcome).toBe('stopped')
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
    expect(await building()).toBe(false)
  })
})

/** Whether the slow index is being built. */
const building = () => restoring(stand.admin, 'create index tables_slow')

describe('a backup that cannot be restored', () => {
  test('is told of by name where the key is another', async () => {
    const { file } = await stand.save()
    const faults = await faultsOf({ BACKUP_IDENTITY: await generateX25519Identity() })
    expect(faults).toEqual([
      expect.stringContaining(`${basename(file)} of ${stand.folders.backups} is for another key`),
    ])
  })

  test('is told of by name where it was cut off', async () => {
    const { file } = await stand.save()
    truncateSync(file, statSync(file).size - 1)
    expect(await faultsOf()).toEqual([
      expect.stringMatching(`^${basename(file)} of .* is truncated: it has \\d+ bytes, and its`),
    ])
  })

  test('is told of by name where it was altered, and nothing is left', async () => {
    const { file } = await stand.save()
    const bytes = readFileSync(file)
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const altered = [expect.stringContaining(`${basename(file)} of ${stand.folders.backups} is altered`)]
    // So little is one piece of what age encrypts, and no byte of it can be had.
    expect(await faultsOf()).toEqual(altered)
    const record = await stand.run()
    expect([record.outcome, record.failures]).toEqual(['refused', altered])
    expect(await stand.databases()).not.toContain('techplus_restore_test')
  })

  test('is told of where its manifest is damaged, or of another file', async () => {
    const { manifest } = await stand.save()
    writeFileSync(manifest, '{"version":1')
    expect(await faultsOf()).toEqual([`${basename(manifest)} of ${stand.folders.backups} is damaged: it is no JSON`])
  })
})

describe('a test of a restore', () => {
  test('names all that is missing at once, before it changes anything', async () => {
    const faults = await faultsOf({ BACKUP_IDENTITY: '', RESTORE_DATABASE_URL: '' })
    expect(faults).toEqual([
      expect.stringContaining('BACKUP_IDENTITY is missing'),
      expect.stringContaining('RESTORE_DATABASE_URL is missing'),
      expect.stringContaining('there is no backup of the database'),
    ])
    expect(existsSync(stand.folders.restore)).toBe(false)
  })

  test('refuses a scratch database that is not ours', async () => {
    await stand.save()
    await stand.admin.query('create database techplus_restore_test owner restore_test')
    const foreign = [expect.stringContaining('there is a database techplus_restore_test that is not ours')]
    expect(await faultsOf()).toEqual(foreign)
    await stand.admin.query(`comment on database techplus_restore_test is 'of the accounts department'`)
    expect(await faultsOf()).toEqual(foreign)
    expect((await stand.run()).outcome).toBe('refused')
    expect(await stand.databases()).toContain('techplus_restore_test')
    await stand.admin.query('drop database techplus_restore_test')
  })

  test('refuses a scratch database that came after it had looked, and leaves it alone', async () => {
    await stand.save()
    const job = stand.job()
    const record = await stand.run({
      ...job,
      plan: async (signal) => {
        const plan = await job.plan(signal)
        await stand.admin.query('create database techplus_restore_test')
        return plan
      },
    })
    expect(record.outcome).toBe('refused')
    expect(await stand.databases()).toContain('techplus_restore_test')
    await stand.admin.query('drop database techplus_restore_test')
  })

  test('drops a scratch database that has no comment yet, but is ours', async () => {
    await stand.save()
    await stand.admin.query('create database techplus_restore_test owner restore_test connection limit 23')
    expect((await stand.run()).outcome).toBe('succeeded')
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
  })

  test('refuses a login that may make no databases, and names that are in use', async () => {
    await stand.save()
    await stand.admin.query(`create role nobody_much login password 'x'`)
    const login = at(stand.server.url, 'postgres', ['nobody_much', 'x'])
    expect(await faultsOf({ RESTORE_DATABASE_URL: login })).toEqual([
      expect.stringContaining('the login nobody_much of RESTORE_DATABASE_URL may not make databases'),
    ])
    const named = (database: string) => faultsOf({ DATABASE_URL: stand.url }, { ...restoreTestSettings, database })
    expect(await named('techplus')).toContainEqual(expect.stringContaining('has the name of one that is in use'))
    expect(await named('x dbname=techplus')).toContainEqual(
      expect.stringContaining('is no name for the scratch database'),
    )
  })

  test('refuses a backup of another database than the one that is looked after, where that can be asked', async () => {
    await stand.save()
    const faults = await faultsOf({ JOBS_DATABASE_URL: stand.server.url })
    expect(faults).toEqual([expect.stringMatching(/is a backup of the database techplus in .* leads to postgres in /)])
    expect((await stand.job({ JOBS_DATABASE_URL: stand.url }).plan(signal)).steps.length).toBeGreaterThan(0)
    const gone = at('postgres://x:y@127.0.0.1:1/x', 'techplus')
    expect((await stand.job({ JOBS_DATABASE_URL: gone }).plan(signal)).steps.length).toBeGreaterThan(0)
  })

  test('refuses a pg_restore that is older than the server', async () => {
    await stand.save()
    const folder = join(shop.folder, 'old')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'pg_restore'), '#!/bin/sh\necho "pg_restore (PostgreSQL) 15.18"\n', { mode: 0o755 })
    expect(await faultsOf({ POSTGRES_BIN: folder })).toEqual([
      expect.stringContaining('there is no pg_restore of major 17'),
    ])
    expect(await faultsOf({ POSTGRES_BIN: shop.folder })).toEqual([
      expect.stringContaining('there is no pg_restore in'),
    ])
  })

  test('refuses where there is no room, as far as it can see', async () => {
    await stand.save()
    const room = { growth: 1e12, spare: 1 }
    const full = await faultsOf({ RESTORE_DATABASE_URL: stand.server.url }, { ...restoreTestSettings, room })
    expect(full).toEqual([expect.stringContaining('the disk of the server')])
    const spare = { growth: 1, spare: 1e18 }
    expect(await faultsOf({}, { ...restoreTestSettings, room: spare })).toEqual([
      expect.stringContaining('has room for'),
    ])
  })

  test('refuses to run beside another one on the same server', async () => {
    await stand.client.query(slowly(5))
    await stand.save()
    const running = stand.run()
    await eventually(building, Boolean)
    const other = { RESTORE_DIR: join(shop.folder, 'other') }
    const record = await runJob(stand.job(other), {
      folder: join(shop.folder, 'other-jobs'),
      signal,
      tell: () => undefined,
    })
    expect(record.failures).toEqual([expect.stringContaining('another test of a restore uses the database')])
    const third = await runJob(stand.job(), { folder: join(shop.folder, 'other-jobs'), signal, tell: () => undefined })
    expect(third.failures).toEqual([expect.stringContaining('another test of a restore unpacks')])
    await stand.client.query('drop function slow cascade')
    expect((await running).outcome).toBe('succeeded')
  })

  test('says what it would do', async () => {
    const { file } = await stand.save()
    const { steps } = await stand.job().plan(signal)
    expect(steps).toEqual([
      `take the newest backups of ${stand.folders.backups}`,
      'leave out redis, of which there is no backup',
      'leave out files, of which there is no backup',
      'leave out configuration, of which there is no backup',
      expect.stringContaining(`restore ${basename(file)} (${statSync(file).size} bytes`),
      'use the processor and the disk of the very server that the backup came from, and none of its databases',
      expect.stringMatching(/^take about \d+ bytes on the server's disk, whose room cannot be seen from here$/),
      'leave out extension pg_stat_statements, which the server lacks, this login may not create, or config/restore-test.ts leaves out',
      expect.stringMatching(/^compare it with its manifest: 4 tables with \d+ rows, \d+ constraints, \d+ indexes$/),
      'drop the scratch database and remove what was unpacked, whatever happens',
    ])
  })
})

describe('what is restored besides the database', () => {
  const path = (name: string) => join(shop.folder, 'uploads', name).slice(1)
  let last = 0
  /** The same in both archives, with something else in the manifests. */
  const save = async (
    contents: (saved: readonly SavedFile[]) => readonly SavedFile[] = (saved) => saved,
    links: (saved?: readonly SavedLink[]) => readonly SavedLink[] | undefined = (saved) => saved,
  ) => {
    await stand.save()
    mkdirSync(join(shop.folder, 'uploads/menus'), { recursive: true })
    for (const name of ['logo.png', 'menus/june.pdf', 'menus/may.pdf'])
      writeFileSync(`/${path(name)}`, name, { mode: 0o640 })
    rmSync(`/${path('menus/now.pdf')}`, { force: true })
    symlinkSync('june.pdf', `/${path('menus/now.pdf')}`)
    // A backup is named by its second, and there is one of each name.
    last = Math.max(Date.now() - 7_200_000, last + 1_000)
    const taken = last
    for (const kind of ['files', 'configuration'] as const) {
      const source = treeSource({ kind, roots: [join(shop.folder, 'uploads')], leaveOut: [] })
      const draft = { signal, progress: () => undefined }
      let manifest = ''
      const seal = async (plain: AsyncIterable<Uint8Array>) => {
        const stored = await stand.store(kind, plain, taken, async () => ({}))
        manifest = stored.manifest
        return readSealed(readFileSync(manifest, 'utf8'))
      }
      const saved = await source.save({ ...draft, seal })
      const whole = { ...JSON.parse(readFileSync(manifest, 'utf8')), ...saved, taken: new Date(taken).toISOString() }
      writeFileSync(
        manifest,
        JSON.stringify({ ...whole, contents: contents(saved.contents), links: links(saved.links) }),
      )
    }
  }

  test('is unpacked, compared and removed', async () => {
    await save()
    const snapshot = Buffer.concat([Buffer.from('REDIS0011'), Buffer.from([0xff]), Buffer.alloc(8)])
    const source = { runId: 'a', replicationId: 'b', serverVersion: '7.0.15' }
    const told = { program: 'redis', source, contents: { keys: { 0: 1 } } }
    await stand.store('redis', Readable.from([snapshot]), Date.now() - 3_600_000, async () => told)
    const record = await stand.run()
    expect([record.outcome, record.failures]).toEqual(['succeeded', []])
    const measured = measuredBy(record)
    for (const kind of ['database', 'redis', 'files', 'configuration']) {
      expect(measured[`restore_test_duration_seconds ${kind}`]).toBeGreaterThan(0)
      expect(measured[`restore_test_faults ${kind} other`]).toBe(0)
    }
    expect(measured['restore_test_data_age_seconds files']).toBeGreaterThan(7_199)
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
    await stand.store('redis', Readable.from([snapshot.subarray(0, 12)]), Date.now() - 60_000, async () => told)
    expect((await stand.run()).failures).toEqual(['redis: it is no snapshot of Redis, or not a whole one'])
  })

  test('is told of by name where it is not what was saved', async () => {
    await save((saved) => [
      ...saved
        .filter(({ path: one }) => !one.endsWith('may.pdf'))
        .map((one) => (one.path.endsWith('june.pdf') ? { ...one, mode: 0o600 } : one)),
      { path: path('menus/july.pdf'), bytes: 1, sha256: 'f'.repeat(64), mode: 0o640 },
    ])
    const record = await stand.run()
    const faults = [
      `file ${path('menus/june.pdf')} has the mode 0640, and had 0600`,
      `file ${path('menus/july.pdf')} is missing`,
      `file ${path('menus/may.pdf')} is there, and was not when the backup was taken`,
    ]
    expect(record.failures).toEqual(
      ['files', 'configuration'].flatMap((kind) => faults.map((words) => `${kind}: ${words}`)),
    )
    expect(measuredBy(record)).toMatchObject({
      'restore_test_faults files files': 3,
      'restore_test_faults database rows': 0,
    })
    expect(await stand.left()).toEqual({ databases: [], folders: [] })
  })

  test('is told of where a link leads elsewhere, or is not there; backups of before tell nothing of links', async () => {
    await save(undefined, () => [
      { path: path('menus/now.pdf'), target: 'may.pdf' },
      { path: path('menus/next.pdf'), target: 'july.pdf' },
    ])
    const faults = [
      `link ${path('menus/now.pdf')} leads to june.pdf, and led to may.pdf`,
      `link ${path('menus/next.pdf')} is missing`,
    ]
    const record = await stand.run()
    expect(record.failures).toEqual(
      ['files', 'configuration'].flatMap((kind) => faults.map((words) => `${kind}: ${words}`)),
    )
    expect(measuredBy(record)).toMatchObject({ 'restore_test_faults files files': 2 })
    await save(undefined, () => undefined)
    expect(await stand.run()).toMatchObject({ outcome: 'succeeded', failures: [] })
  })
})

test('a run that is killed while it restores loses nothing, and the next one removes what it left', async () => {
  const one = cases.find(({ name }) => name.includes('when an index was built'))
  const other = workshop()
  try {
    expect((await one?.prove(other))?.faults).toEqual([])
  } finally {
    await other.end()
  }
})
