import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { Client } from 'pg'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { readEnv } from '../../../config/env.ts'
import { reservationTable } from '../../../config/reservations.ts'
import { restoreTestSettings } from '../../../config/restore-test.ts'
import type { JobRecord } from '../../../exporters/jobs/record.ts'
import { readContents } from '../../../jobs/backup/contents.ts'
import { recipientOf } from '../../../jobs/backup/encryption.ts'
import { libpqLogin } from '../../../jobs/backup/libpq.ts'
import { type Kind, namesOf } from '../../../jobs/backup/manifest.ts'
import { seal } from '../../../jobs/backup/seal.ts'
import { startProgram } from '../../../jobs/program.ts'
import { restoreTestJob } from '../../../jobs/restore-test/index.ts'
import { runJob } from '../../../jobs/runner.ts'
import type { Shop } from './case.ts'

const schema = readFileSync(fileURLToPath(new URL('../../../demo/schema.sql', import.meta.url)), 'utf8')
const { signal } = new AbortController()

/** The URL of another database of a server, or of another login. */
export const at = (url: string, database: string, login?: readonly [user: string, password: string]) => {
  const other = new URL(url)
  other.pathname = `/${database}`
  if (login) [other.username, other.password] = login
  return other.href
}

type Env = Readonly<Record<string, string>>

interface Saving {
  /** Of the data, in milliseconds of Unix time; a minute ago otherwise, and another second than the one before. */
  readonly taken?: number
  /** Done to the database after it was counted, and before it is dumped. */
  readonly plant?: string
}

/** A server with a database of the demo, and folders with backups of it. */
export const restoreStand = async (shop: Shop, rows = 300) => {
  const server = await shop.postgres({
    // What is asked in which database.
    settings: { log_line_prefix: '@%d@ ', log_statement: 'all' },
  })
  const admin = new Client(server.url)
  await admin.connect()
  await admin.query('create database techplus')
  await admin.query(`create role restore_test login createdb password 'scratch'`)
  const url = at(server.url, 'techplus')
  const client = new Client(url)
  await client.connect()
  await client.query(schema)
  await client.query(`
    insert into users (email, name) select 'guest' || n || '@example.com', 'Guest ' || n from generate_series(1, 100) n;
    insert into tables (number, seats) select n, 4 from generate_series(1, 50) n;`)
  await client.query(
    `insert into reservations (user_id, table_id, date, party_size, status, created_at)
     select 1 + n % 100, 1 + n % 50, current_date + n % 60 + n / 60 * interval '1 minute', 2, 'CONFIRMED', now() - interval '1 hour' - n * interval '1 minute'
     from generate_series(0, $1::int - 1) n`,
    [rows],
  )
  const programs = await ensurePrograms(['pg_dump-17', 'pg_restore-17'])
  const key = await generateX25519Identity()
  const recipient = await recipientOf(await identityToRecipient(key))
  const folders = {
    backups: join(shop.folder, 'backups'),
    restore: join(shop.folder, 'restore'),
    jobs: join(shop.folder, 'jobs'),
  }

  const env = (more: Env = {}): Env => ({
    BACKUP_DIR: folders.backups,
    BACKUP_IDENTITY: key,
    RESTORE_DATABASE_URL: at(server.url, 'postgres', ['restore_test', 'scratch']),
    RESTORE_DIR: folders.restore,
    JOBS_DIR: folders.jobs,
    POSTGRES_BIN: dirname(programs['pg_restore-17'].path),
    ...more,
  })
  const store = async (kind: Kind, plain: AsyncIterable<Uint8Array>, taken: number, tell: () => Promise<object>) => {
    const folder = join(folders.backups, kind)
    mkdirSync(folder, { recursive: true })
    const names = namesOf(kind, taken)
    const to = join(folder, names.file)
    const sealed = await seal({ from: plain, to, recipient, compression: 1, signal, progress: () => undefined })
    const moment = new Date(taken).toISOString()
    const manifest = { version: 1, kind, started: moment, ended: moment, taken: moment, file: names.file, ...sealed }
    const text = JSON.stringify({ ...manifest, ...(await tell()) })
    writeFileSync(join(folder, '.tmp-manifest'), text)
    renameSync(join(folder, '.tmp-manifest'), join(folder, names.manifest))
    return { file: to, manifest: join(folder, names.manifest) }
  }
  let last = 0
  const fresh = () => {
    last = Math.max(Date.now() - 60_000, last + 1_000)
    return last
  }
  /** A backup of the database, as the job makes it; with something that is otherwise in it than its manifest tells. */
  const save = async ({ taken = fresh(), plant = '' }: Saving = {}) => {
    const query = async (sql: string, values: readonly unknown[] = []) => (await client.query(sql, [...values])).rows
    const contents = await readContents(query, { reservations: reservationTable })
    const [{ system }] = await query('select system_identifier::text as system from pg_control_system()')
    if (plant) await client.query(plant)
    const dump = startProgram([programs['pg_dump-17'].path, '--format=custom', '--compress=0'], {
      signal,
      ...libpqLogin(url),
    })
    dump.stdin.end()
    const stored = await store('database', dump.stdout, taken, async () => ({
      program: 'pg_dump 17.12',
      source: { systemIdentifier: String(system), database: 'techplus', serverVersion: '17.10' },
      contents,
    }))
    await dump.ended
    return stored
  }
  const job = (more: Env = {}, settings = restoreTestSettings) => restoreTestJob(readEnv(env(more)), { settings })
  const said: string[] = []
  const run = (one = job(), options: { readonly signal?: AbortSignal } = {}) =>
    runJob(one, { folder: folders.jobs, signal, tell: (words) => said.push(words), ...options })
  const names = async () =>
    (await admin.query('select datname from pg_database order by 1')).rows.map(({ datname }) => String(datname))
  return {
    server,
    admin,
    client,
    url,
    key,
    folders,
    env,
    store,
    save,
    job,
    run,
    said,
    databases: names,
    /** What is left of a test of a restore. */
    left: async () => ({
      databases: (await names()).filter((name) => name.includes('restore')),
      folders: readdirSync(folders.restore).filter((name) => name.startsWith('.tmp-')),
    }),
    /** All that was asked, a line each that begins with the database: `@techplus@ LOG:  statement: select ...`. */
    statements: () =>
      readFileSync(server.log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('@')),
    end: async () => {
      await client.end()
      await admin.end()
    },
  }
}
/** An index that takes so many seconds to build, in the scratch database alone: a restore that something can happen to. */
export const slowly = (seconds: number) => `
  create or replace function slow(n integer) returns integer language plpgsql immutable as $$
    begin
      if current_database() = 'techplus_restore_test' then perform pg_sleep(${seconds / 50}); end if;
      return n;
    end $$;
  create index if not exists tables_slow on tables (slow(number))`

/** Whether a statement that begins so runs in the scratch database. */
export const restoring = async (admin: Client, statement: string) => {
  const words = [restoreTestSettings.database, `${statement}%`]
  const found = await admin.query('select from pg_stat_activity where datname = $1 and query ilike $2', words)
  return found.rowCount !== 0
}

export type RestoreStand = Awaited<ReturnType<typeof restoreStand>>
/** What a run measured, by name and labels. */
export const measuredBy = ({ samples }: JobRecord) =>
  Object.fromEntries(samples.map(({ metric, labels, value }) => [[metric, ...Object.values(labels)].join(' '), value]))
