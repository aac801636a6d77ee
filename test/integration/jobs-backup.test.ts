import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { openRedisSession } from '../../exporters/redis/session.ts'
import { libpqLogin } from '../../jobs/backup/libpq.ts'
import { type Kind, type Manifest, namesOf, readManifest } from '../../jobs/backup/manifest.ts'
import { claim, ownerFaults } from '../../jobs/backup/owner.ts'
import { openBucket } from '../../jobs/backup/s3.ts'
import { backupLimits, backupPage, benchBackup } from '../bench/backup.ts'
import { cases, plantOld } from '../prove/jobs/backup.ts'
import { type BackupStand, backupStand, testSettings } from '../prove/jobs/backup-stand.ts'
import { bucketName } from '../prove/jobs/s3-server.ts'
import { workshop } from './servers.ts'

const shop = workshop()
let stand: BackupStand
let keyFile = ''
let age = ''

beforeAll(async () => {
  age = (await ensurePrograms(['age'])).age.path
  stand = await backupStand(shop, { megabytes: 2 })
  keyFile = join(shop.folder, 'key.txt')
  writeFileSync(keyFile, `# made for a test\n${stand.identity}\n`, { mode: 0o600 })
}, 180_000)
afterAll(async () => {
  await stand.end()
  await shop.end()
})

const signal = new AbortController().signal

/** The newest of a kind, and what it holds, opened as a stranger would: by age and gzip alone. */
const newest = (kind: Kind): { readonly manifest: Manifest; readonly plain: Buffer } => {
  const own = join(stand.folder, kind)
  const name =
    readdirSync(own)
      .filter((one) => one.endsWith('.manifest.json'))
      .toSorted()
      .at(-1) ?? ''
  const manifest = readManifest(readFileSync(join(own, name), 'utf8'))
  const opened = execFileSync(age, ['-d', '-i', keyFile, join(own, manifest.file)], { maxBuffer: 1024 ** 3 })
  return { manifest, plain: gunzipSync(opened) }
}

test('a database comes back by age, gunzip and pg_restore exactly as its manifest counts it, whoever writes meanwhile', async () => {
  const writer = new Client(stand.postgres.url)
  await writer.connect()
  let writing = true
  const written = (async () => {
    for (let n = 0; writing; n++)
      await writer.query(`insert into users (email, name) values ('new' || ${n} || '@example.com', 'New')`)
  })()
  const record = await stand.run().finally(() => {
    writing = false
  })
  await written
  await writer.end()
  expect(record).toMatchObject({ outcome: 'succeeded', failures: [] })

  const { manifest, plain } = newest('database')
  if (manifest.kind !== 'database') throw new Error('it is of another kind')
  expect(createHash('sha256').update(plain).digest('hex')).toBe(manifest.plainSha256)
  expect(manifest.contents.tables.map(({ name }) => name)).toContain('reservations')
  expect(manifest.contents.constraints.length).toBeGreaterThan(0)
  expect(manifest.program).toMatch(/^pg_dump 17\./)

  await stand.client.query('create database back')
  const { env } = libpqLogin(stand.postgres.url, 'back')
  const restore = join(stand.variables.POSTGRES_BIN, 'pg_restore')
  execFileSync(restore, ['--no-owner', '--dbname=back'], { env: { ...process.env, ...env }, input: plain })
  const backUrl = new URL(stand.postgres.url)
  backUrl.pathname = '/back'
  const back = new Client(backUrl.href)
  await back.connect()
  expect(manifest.contents.tables.length).toBeGreaterThan(3)
  for (const { schema, name, rows } of manifest.contents.tables) {
    const { rows: counted } = await back.query(`select count(*)::int as rows from "${schema}"."${name}"`)
    expect([name, counted[0]?.rows]).toEqual([name, rows])
  }
  await back.end()
  await stand.client.query('drop database back')

  // Both places have it, and its size and age are told.
  const seen = stand.seen()
  expect(seen).toMatchObject({ leavings: [], faults: [] })
  expect(seen.remote).toEqual(seen.local)
  const told = (metric: string, labels: object) =>
    record.samples.find((one) => one.metric === metric && JSON.stringify(one.labels) === JSON.stringify(labels))?.value
  expect(told('backup_size_bytes', { kind: 'database' })).toBe(manifest.bytes)
  expect(told('backup_newest_timestamp_seconds', { kind: 'database', place: 'remote' })).toBe(
    Math.floor(Date.parse(manifest.taken) / 1_000),
  )
  expect(told('backup_copies', { kind: 'redis', place: 'local' })).toBe(1)
  // Nothing secret is told, and nobody else of the machine may look.
  const { password } = new URL(stand.postgres.url)
  for (const secret of [password, 'a secret', stand.identity]) expect(JSON.stringify(record)).not.toContain(secret)
  expect(statSync(join(stand.folder, 'database', manifest.file)).mode & 0o777).toBe(0o600)
  expect(statSync(join(stand.folder, 'database')).mode & 0o777).toBe(0o700)
}, 120_000)

test.each(['yes', 'no'])(
  'Redis comes back with every key, where it streams to its replicas: %s',
  async (streams) => {
    const ask = async (url: string, ...words: readonly string[]) => {
      const session = await openRedisSession({ url, connectionName: 'test', signal })
      const [command = '', ...rest] = words
      const answer = await session.ask(command, ...rest).finally(() => session.close())
      return String(answer)
    }
    await ask(stand.redis.url, 'CONFIG', 'SET', 'repl-diskless-sync', streams)
    await ask(stand.redis.url, 'DEBUG', 'POPULATE', '2000', `key-${streams}`, '64').catch(() => undefined)
    await ask(stand.redis.url, 'SET', `session:${streams}`, 'of a guest')
    const before = await ask(stand.redis.url, 'DBSIZE')
    expect(await stand.run({}, { parts: ['redis'] })).toMatchObject({ outcome: 'succeeded' })
    const { manifest, plain } = newest('redis')
    if (manifest.kind !== 'redis') throw new Error('it is of another kind')
    expect(String(manifest.contents.keys['0'])).toBe(before)
    const dir = join(shop.folder, `redis-back-${streams}`)
    mkdirSync(dir)
    writeFileSync(join(dir, 'back.rdb'), plain)
    const back = await shop.redis({ settings: { dir, dbfilename: 'back.rdb' } })
    expect(await ask(back.url, 'DBSIZE')).toBe(before)
    expect(await ask(back.url, 'GET', `session:${streams}`)).toBe('of a guest')
  },
  120_000,
)

test('files come back by tar as the manifest tells, links as links, without what a checkout brings by itself', async () => {
  const uploads = join(shop.folder, 'uploads')
  mkdirSync(join(uploads, 'menus', 'node_modules'), { recursive: true })
  writeFileSync(join(uploads, 'menus', 'été.pdf'), Buffer.alloc(700_000, 'menu'))
  writeFileSync(join(uploads, 'empty'), '')
  writeFileSync(join(uploads, 'menus', 'node_modules', 'x'), 'x')
  writeFileSync(join(uploads, 'n'.repeat(150)), 'a long name')
  chmodSync(join(uploads, 'empty'), 0o640)
  symlinkSync('/etc/hostname', join(uploads, 'link'))
  expect(await stand.run({ BACKUP_FILES: uploads }, {}, 'backup-files')).toMatchObject({ outcome: 'succeeded' })
  const { manifest, plain } = newest('files')
  if (manifest.kind !== 'files') throw new Error('it is of another kind')
  expect(manifest.contents.map(({ path }) => basename(path)).toSorted()).toEqual(['empty', 'n'.repeat(150), 'été.pdf'])
  expect(manifest.links).toEqual([{ path: join(uploads, 'link').slice(1), target: '/etc/hostname' }])
  const back = join(shop.folder, 'files-back')
  mkdirSync(back)
  execFileSync('tar', ['-x', '-C', back], { input: plain })
  for (const { path, bytes, sha256, mode } of manifest.contents) {
    const content = readFileSync(join(back, path))
    expect([path, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([path, bytes, sha256])
    expect(statSync(join(back, path)).mode & 0o777).toBe(mode & 0o777)
  }
  for (const { path, target } of manifest.links ?? []) expect(readlinkSync(join(back, path))).toBe(target)
  expect(await stand.run({ BACKUP_CONFIGURATION: join(uploads, 'menus') }, {}, 'backup-configuration')).toMatchObject({
    outcome: 'succeeded',
  })
}, 60_000)

/** What is wrong, what is changed for it, and what is said. */
const refusals: readonly (readonly [string, Partial<Record<string, string>>, RegExp])[] = [
  ['no recipient', { BACKUP_RECIPIENT: '' }, /BACKUP_RECIPIENT is missing: make a key/],
  [
    'a recipient with a wrong letter',
    { BACKUP_RECIPIENT: `age1${'q'.repeat(58)}` },
    /BACKUP_RECIPIENT is no recipient/,
  ],
  [
    'another key',
    { BACKUP_IDENTITY: `AGE-SECRET-KEY-1${'Q'.repeat(58)}` },
    /is not the public half of BACKUP_IDENTITY/,
  ],
  ['no database', { JOBS_DATABASE_URL: '' }, /JOBS_DATABASE_URL is missing/],
  [
    'a server that is gone',
    { JOBS_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' },
    /JOBS_DATABASE_URL leads to no database/,
  ],
  ['no Redis', { JOBS_REDIS_URL: '' }, /JOBS_REDIS_URL is missing/],
  ['a Redis that is gone', { JOBS_REDIS_URL: 'redis://127.0.0.1:1' }, /JOBS_REDIS_URL .*ECONNREFUSED/],
  ['no pg_dump', { POSTGRES_BIN: '/nowhere' }, /there is no pg_dump in \/nowhere.*postgresql-client-17/],
  ['no bucket', { BACKUP_S3_BUCKET: 'other' }, /there is no bucket other/],
  ['a wrong key of the bucket', { BACKUP_S3_ACCESS_KEY_ID: 'wrong' }, /does not know us.*BACKUP_S3_SECRET_ACCESS_KEY/],
]

test.each(refusals)(
  '%s: refused, by name, and nothing is changed',
  async (_what, given, words) => {
    const before = stand.seen()
    const record = await stand.run(given)
    expect(record.outcome).toBe('refused')
    expect(record.failures.join('\n')).toMatch(words)
    expect(stand.seen()).toEqual(before)
  },
  60_000,
)

test('where nobody answers for the bucket it is kept here all the same, and the run fails for what is not there', async () => {
  const before = stand.seen()
  const record = await stand.run({ BACKUP_S3_ENDPOINT: 'http://127.0.0.1:1' }, { parts: ['database'] })
  expect(record.outcome).toBe('failed')
  expect(record.failures).toEqual([
    expect.stringMatching(/^it is kept here alone: .*nobody answers at http:\/\/127.0.0.1:1.*Check BACKUP_S3_ENDPOINT/),
  ])
  const { local, remote, leavings, faults } = stand.seen()
  expect([local.length, remote, leavings, faults]).toEqual([before.local.length + 1, before.remote, [], []])
}, 60_000)

test('a pg_dump of another major is refused, and every fault is told at once', async () => {
  const bin = join(shop.folder, 'bin-15')
  mkdirSync(bin)
  for (const name of ['pg_dump', 'pg_restore']) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho '${name} (PostgreSQL) 15.18 (Debian 15.18-0)'\n`, { mode: 0o755 })
  }
  const { failures } = await stand.run({ POSTGRES_BIN: bin, BACKUP_RECIPIENT: '' })
  expect(failures.join('\n')).toMatch(/no pg_dump of major 17.*bin-15\/pg_dump is 15\.18.*postgresql-client-17/)
  expect(failures.join('\n')).toMatch(/BACKUP_RECIPIENT is missing/)
})

test('where the database is not to be asked either, what else is missing is named all the same', async () => {
  const { outcome, failures } = await stand.run({
    JOBS_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x',
    JOBS_REDIS_URL: '',
  })
  expect(outcome).toBe('refused')
  expect(failures).toEqual([
    expect.stringMatching(/^JOBS_DATABASE_URL leads to no database/),
    expect.stringMatching(/^JOBS_REDIS_URL is missing/),
  ])
})

test('a login that may not read a table is refused before anything is written', async () => {
  await stand.client.query(`create role half login password 'half'; grant usage on schema public to half`)
  const url = new URL(stand.postgres.url)
  Object.assign(url, { username: 'half', password: 'half' })
  const { outcome, failures } = await stand.run({ JOBS_DATABASE_URL: url.href })
  expect([outcome, failures.join('\n')]).toEqual([
    'refused',
    expect.stringMatching(/half .*may not read all of .*grant/),
  ])
})

test('somebody who holds a table for himself ends the run after its time, and it waits no longer for its rows', async () => {
  const other = new Client(stand.postgres.url)
  await other.connect()
  await other.query('begin; lock table reservations in access exclusive mode')
  const before = stand.seen()
  const record = await stand.run({}, { lockSeconds: 1, parts: ['database'] })
  // It is locked until here: nothing but its own limit ended the run.
  await other.query('rollback')
  await other.end()
  expect(record.outcome).toBe('failed')
  // Whoever is first: the count by lock_timeout, or pg_dump, which limits its statement.
  expect(record.failures).toEqual([expect.stringMatching(/canceling statement due to (lock|statement) timeout/)])
  expect(stand.seen()).toEqual(before)
  const { rows } = await stand.client.query(`select from pg_stat_activity where application_name = 'techplus-backup'`)
  expect(rows).toEqual([])
}, 30_000)

test('a place for backups below what is no folder is refused, with what to do', async () => {
  const { outcome, failures } = await stand.run({ BACKUP_DIR: join(keyFile, 'backups') })
  expect([outcome, failures.join('\n')]).toEqual([
    'refused',
    expect.stringMatching(/may not write to .*key.txt\/backups \(ENOTDIR.*set BACKUP_DIR to another folder/),
  ])
})

test('a disk without room is noticed before', async () => {
  const { outcome, failures } = await stand.run({}, { room: { growth: 1.5, spare: 1e18 } })
  expect([outcome, failures.join('\n')]).toEqual(['refused', expect.stringMatching(/has room for .*Make room there/)])
})

const bucketBelow = (prefix: string) => {
  const key = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
  const address = { bucket: bucketName, region: 'us-east-1', endpoint: stand.s3.url, prefix }
  return openBucket({ ...address, ...key }, testSettings.upload)
}

test('backups of another database are never mixed with these, on the disk or in the bucket', async () => {
  await stand.client.query('create database other')
  const other = new URL(stand.postgres.url)
  other.pathname = '/other'
  const onDisk = await stand.run({ JOBS_DATABASE_URL: other.href })
  expect([onDisk.outcome, onDisk.failures.length]).toEqual(['refused', expect.any(Number)])
  expect(onDisk.failures.join('\n')).toMatch(/holds backups of another database.*Set BACKUP_DIR/)
  const elsewhere = { JOBS_DATABASE_URL: other.href, BACKUP_DIR: join(shop.folder, 'elsewhere') }
  const inBucket = await stand.run(elsewhere)
  expect([inBucket.outcome, inBucket.failures.join('\n')]).toEqual([
    'refused',
    expect.stringMatching(/bucket .* holds backups of another database.*Set BACKUP_S3_PREFIX/),
  ])
  const bucket = bucketBelow('photos')
  await bucket.write('files', 'cat.jpg', 'a cat', signal)
  const strange = await stand.run({ BACKUP_S3_PREFIX: 'photos' })
  expect([strange.outcome, strange.failures.join('\n')]).toEqual([
    'refused',
    expect.stringMatching(/below photos\/ holds something, and nothing says that it is of the database/),
  ])
  expect(await bucket.read('files', 'cat.jpg', signal)).toBe('a cat')
  bucket.close()
  await stand.client.query('drop database other')
}, 60_000)

test.each(['altered', 'truncated'] as const)(
  'what comes back %s from the bucket is no backup there',
  async (what) => {
    const before = stand.seen()
    stand.s3.mischief(what)
    const record = await stand.run({}, { parts: ['database'] }).finally(() => stand.s3.mischief(undefined))
    expect(record.outcome).toBe('failed')
    const after = stand.seen()
    expect(after.remote).toEqual(before.remote)
    expect(after.local.length).toBe(before.local.length + 1)
    expect(await stand.run({}, { parts: ['database'] })).toMatchObject({ outcome: 'succeeded' })
    expect(stand.seen()).toMatchObject({ leavings: [], faults: [] })
  },
  60_000,
)

test('a job that begins to save beside another one, both for the first time, is not taken for a stranger', async () => {
  const { rows } = await stand.client.query('select system_identifier::text as id from pg_control_system()')
  const owner = { systemIdentifier: String(rows[0]?.id), database: 'postgres' }
  const bucket = bucketBelow('beside')
  try {
    const folder = join(shop.folder, 'beside')
    mkdirSync(join(folder, 'files'), { recursive: true })
    const beside: typeof bucket = {
      ...bucket,
      isEmpty: async (given) => {
        await claim({ owner, kind: 'files', folder, bucket, signal })
        return bucket.isEmpty(given)
      },
    }
    expect(await ownerFaults(owner, join(shop.folder, 'beside-too'), beside, signal)).toEqual([])
    expect(await ownerFaults({ ...owner, database: 'another' }, folder, bucket, signal)).toHaveLength(2)
  } finally {
    bucket.close()
  }
})

test('those past their time go, and the newest good ones stay', async () => {
  const old = plantOld(stand, [31, 32, 400])
  const keep = { localDays: 30, remoteDays: 365, least: 1 }
  const before = stand.seen().local.length
  expect(await stand.run({}, { parts: ['database'], keep })).toMatchObject({ outcome: 'succeeded' })
  const { local } = stand.seen()
  expect(local.length).toBe(before - old.length + 1)
  for (const { manifest } of old) expect(local).not.toContain(manifest)
}, 60_000)

test('a key that may remove nothing in the bucket costs no backup, here or there', async () => {
  expect((await stand.run({}, { parts: ['database'] })).outcome).toBe('succeeded')
  const bucket = bucketBelow('techplus')
  const [half, old] = [Date.parse('2020-01-02T00:00:00Z'), Date.parse('2020-01-01T00:00:00Z')].map((taken) =>
    namesOf('database', taken),
  )
  // One that a killed run left, and one past its time.
  for (const name of [half?.file, old?.file, old?.manifest]) await bucket.write('database', name ?? '', '{}', signal)
  stand.s3.mischief('kept')
  const before = stand.s3.objects('database').size
  const upload = { ...testSettings.upload, abandonedMinutes: 0 }
  const record = await stand.run({}, { parts: ['database'], upload })
  stand.s3.mischief(undefined)
  expect(record).toMatchObject({ outcome: 'failed', words: expect.stringMatching(/does not allow it.*DeleteObject/) })
  expect(record.failures).toHaveLength(2)
  // The file and its manifest.
  expect(stand.s3.objects('database').size).toBe(before + 2)
  expect((await stand.run({}, { parts: ['database'], upload })).outcome).toBe('succeeded')
  expect([...stand.s3.objects('database').keys()].filter((name) => name.includes('-2020'))).toEqual([])
}, 60_000)

// A gigabyte: npm run bench -- backup. How fast it is beside the pipe, a small one does not tell.
test('memory stays below its limit', async () => {
  const found = await benchBackup({ megabytes: 8, rounds: 1, say: () => undefined })
  expect(found.peak).toBeLessThan(backupLimits.peak)
  expect(found.peak).toBeGreaterThan(30e6)
  expect(found.plainBytes).toBeGreaterThan(5e6)
  expect(backupPage(found, 'now')).toMatch(/Speed beside the pipe: \d+\.\d\d \(promised/)
}, 180_000)

// The others: npm run prove -- jobs.
test.each(['backup: kill -9 in the renaming', 'backup: the disk is full'])(
  '%s',
  async (name) => {
    const other = workshop()
    try {
      const found = await cases.find((one) => one.name === name)?.prove(other)
      expect(found?.faults).toEqual([])
    } finally {
      await other.end()
    }
  },
  180_000,
)
