import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readEnv } from '../../config/env.ts'
import { reservationTable } from '../../config/reservations.ts'
import { cleanupJob } from '../../jobs/cleanup/index.ts'
import { Refused } from '../../jobs/job.ts'
import { runJob } from '../../jobs/runner.ts'
import { bookedDatabase, databaseAlone, databaseSetting, tally } from '../prove/jobs/cleanup-stand.ts'
import { eventually, freePort, workshop } from './servers.ts'

const run = promisify(execFile)
const shop = workshop()
let server: Awaited<ReturnType<typeof shop.postgres>>
let admin: Client
let client: Client
let url = ''
let numbered = 0
const { signal } = new AbortController()

beforeAll(async () => {
  server = await shop.postgres({ settings: { autovacuum: 'off' } })
  admin = new Client(server.url)
  await admin.connect()
})
beforeEach(async () => {
  await client?.end()
  numbered += 1
  await admin.query(`create database shop_${numbered}`)
  const own = new URL(server.url)
  own.pathname = `/shop_${numbered}`
  url = own.href
  client = await bookedDatabase(url)
})
afterAll(async () => {
  await client?.end()
  await admin?.end()
  await shop.end()
})

const job = (what = databaseAlone(), table = reservationTable) =>
  cleanupJob(readEnv({ JOBS_DATABASE_URL: url }), { what, table })
const { ceilings } = databaseAlone()
const stepsOf = async (...given: Parameters<typeof job>) => (await job(...given).plan(signal)).steps
const faultsOf = async (...given: Parameters<typeof job>) => {
  const refused = await job(...given)
    .plan(signal)
    .catch((cause: unknown) => cause)
  if (refused instanceof Refused) return refused.faults
  throw new Error('it was not refused', { cause: refused })
}
const done = (one = job()) => runJob(one, { folder: `${shop.folder}/jobs-${numbered}`, signal, tell: () => undefined })
const measured = ({ samples }: Awaited<ReturnType<typeof done>>) =>
  Object.fromEntries(samples.map(({ metric, labels, value }) => [[metric, ...Object.values(labels)].join(' '), value]))

describe('reservations and tokens', () => {
  test('what the dry run counts is what goes, and everything else stays', async () => {
    const before = await tally(client)
    expect(await stepsOf()).toEqual([
      expect.stringMatching(
        /^delete 300 reservations completed before \d{4}-\d\d-\d\d 00:00:00 from "public"."reservations" of database shop_\d+, and with them 1?\d\d rows of public.payments$/,
      ),
      expect.stringMatching(
        /^clear 50 expired tokens of "public"."reservations" of database shop_\d+; the reservations stay$/,
      ),
    ])
    const [, going = ''] = /with them (\d+)/.exec((await stepsOf())[0] ?? '') ?? []
    expect(await tally(client)).toEqual(before)
    const record = await done()
    expect(record).toMatchObject({ outcome: 'succeeded', failures: [] })
    expect(await tally(client)).toEqual({
      old: 0,
      young: 50,
      coming: 40,
      tokens: 40,
      payments: before.payments - Number(going),
      orphans: 0,
    })
    expect(measured(record)).toEqual({
      'cleanup_removed reservations': 300,
      'cleanup_removed tokens': 50,
      'cleanup_left reservations': 0,
      'cleanup_left tokens': 0,
      'cleanup_ceiling_reached reservations': 0,
      'cleanup_ceiling_reached tokens': 0,
      cleanup_reindexed_indexes: 0,
    })
    expect(await stepsOf()).toEqual(['do nothing: nothing is due'])
  })

  test('a reservation that another row refuses to lose is left and counted, whoever hides the refusal', async () => {
    await client.query(`
      create table reviews (id int primary key, reservation_id uuid not null references reservations);
      create table refunds (id int primary key, payment_id bigint not null references payments on delete restrict);
      create table notes (id int primary key, reservation_id uuid references reservations on delete set null);
      insert into reviews select row_number() over (), id from (select id from reservations where date < now() - interval '1 year' order by id limit 7) r;
      insert into refunds select row_number() over (), p.id from payments p join reservations r on r.id = reservation_id
        where r.date < now() - interval '1 year' and not exists (select from reviews v where v.reservation_id = r.id) order by p.id limit 5;
      insert into notes select row_number() over (), id from reservations;
      create function keep() returns trigger language plpgsql as $$ begin raise exception 'this one is kept'; end $$;`)
    const { rows } = await client.query(`
      select id from reservations r where date < now() - interval '1 year' and not exists (select from reviews where reservation_id = r.id)
        and not exists (select from payments where reservation_id = r.id) limit 1`)
    await client.query(
      `create trigger keeps before delete on reservations for each row when (old.id = '${rows[0].id}') execute function keep()`,
    )
    const steps = await stepsOf()
    expect(steps[0]).toMatch(/^delete 288 reservations/)
    expect(steps[1]).toBe('leave 12 such reservations that other rows depend on')
    expect(steps.filter((one) => one.startsWith('read all of'))).toEqual([
      expect.stringMatching(/^read all of public\.notes for each .* begins with reservation_id/),
      expect.stringMatching(/^read all of public\.refunds for each .* begins with payment_id/),
      expect.stringMatching(/^read all of public\.reviews for each .* begins with reservation_id/),
    ])
    const record = await done()
    expect(record).toMatchObject({ outcome: 'succeeded', failures: [] })
    expect(measured(record)).toMatchObject({ 'cleanup_removed reservations': 287, 'cleanup_left reservations': 13 })
    expect(await tally(client)).toMatchObject({ old: 13, young: 50, coming: 40, orphans: 0 })
  })

  test('a row that somebody has locked is left, and the rest does not wait for it', async () => {
    const other = new Client(url)
    await other.connect()
    await other.query('begin')
    await other.query(`select from reservations where date < now() - interval '1 year' order by id limit 3 for update`)
    await other.query(`select from payments p where reservation_id in
      (select id from reservations where date < now() - interval '1 year' order by id desc limit 30) order by id limit 2 for update`)
    const record = await done()
    expect(record).toMatchObject({
      outcome: 'succeeded',
      words: expect.stringMatching(/^295 reservations deleted \(5 are left that somebody had locked, or /),
    })
    expect(measured(record)).toMatchObject({ 'cleanup_removed reservations': 295, 'cleanup_left reservations': 5 })
    await other.query('rollback')
    await other.end()
    expect(measured(await done())).toMatchObject({ 'cleanup_removed reservations': 5, 'cleanup_left reservations': 0 })
  })

  test('where all that is due is locked the run has failed, and says of what', async () => {
    const other = new Client(url)
    await other.connect()
    await other.query('begin')
    await other.query('select from reservations for update')
    const record = await done()
    await other.query('rollback')
    await other.end()
    expect(record.outcome).toBe('failed')
    expect(record.failures).toEqual([
      expect.stringMatching(/^none of 300 reservations that are due could be deleted: .*pg_stat_activity/),
      expect.stringMatching(/^none of 50 expired tokens that are due could be cleared: /),
    ])
    expect(measured(record)).toMatchObject({
      'cleanup_removed reservations': 0,
      'cleanup_left reservations': 300,
      'cleanup_left tokens': 50,
    })
    expect(await done()).toMatchObject({ outcome: 'succeeded' })
  })

  test('a table that is shut, as while an index is built, ends the run soon and not at its last row', async () => {
    const other = new Client(url)
    await other.connect()
    await other.query('begin; lock table reservations in share mode')
    const batch = { ...databaseSetting.batch, lockMs: 20 }
    const record = await done(job(databaseAlone({ batch })))
    await other.query('rollback')
    await other.end()
    expect(record).toMatchObject({
      outcome: 'failed',
      words: expect.stringMatching(/^could not change single rows of .*look for .* what locks it/),
    })
    expect((await tally(client)).old).toBe(300)
  })

  test('a reservation that is changed under way so that it is not due any more stays', async () => {
    const { rows } = await client.query(
      `select id from reservations where date < now() - interval '1 year' order by ctid desc limit 1`,
    )
    // Every batch waits a little, so that the change comes before the last of them.
    await client.query(`
      create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.005); return old; end $$;
      create trigger slows before delete on reservations for each row execute function slow();`)
    const batch = { ...databaseSetting.batch, rows: 5, mostRows: 5 }
    const running = done(job(databaseAlone({ batch })))
    await eventually(
      async () => (await tally(client)).old,
      (old) => old < 300,
    )
    await client.query(`update reservations set status = 'CONFIRMED' where id = $1`, [rows[0].id])
    // Where it stood, others stand now, which were never due.
    await client.query('vacuum reservations')
    await client.query(`
      insert into reservations (user_id, table_id, date, party_size, status)
        select 1, 1, now() - interval '3 years', 2, 'CANCELLED' from generate_series(1, 400)`)
    expect(measured(await running)).toMatchObject({ 'cleanup_removed reservations': 299 })
    expect((await client.query('select from reservations where id = $1', [rows[0].id])).rowCount).toBe(1)
    expect((await client.query(`select from reservations where status = 'CANCELLED'`)).rowCount).toBe(400)
  })

  test('above a ceiling none of that kind goes, the other does, and the run says how to let them go once', async () => {
    const low = databaseAlone({}, { ...ceilings, reservations: 299 })
    expect(await stepsOf(low)).toContainEqual(expect.stringMatching(/^leave 300 reservations alone, as more than 299/))
    const record = await done(job(low))
    expect(record).toMatchObject({
      outcome: 'undecided',
      words: expect.stringContaining(
        '50 tokens cleared, 0 indexes of 3 tables rebuilt; left are 300 reservations (at most 299 go without a word). To let them go once: npm run job -- cleanup --allow reservations=300',
      ),
    })
    expect(await tally(client)).toMatchObject({ old: 300, tokens: 40 })
    expect(measured(record)).toMatchObject({
      'cleanup_ceiling_reached reservations': 1,
      'cleanup_left reservations': 300,
      'cleanup_ceiling_reached tokens': 0,
      'cleanup_removed tokens': 50,
    })
    expect(measured(record)).not.toHaveProperty(['cleanup_removed reservations'])
    expect(await stepsOf(low)).toHaveLength(1)
    const allowed = job(low).allowing?.(['reservations=300'])
    expect(allowed && measured(await done(allowed))).toMatchObject({ 'cleanup_removed reservations': 300 })
    // What was allowed was so for that run.
    await client.query(`update reservations set date = date - interval '2 years' where status = 'COMPLETED'`)
    expect(await stepsOf(databaseAlone({}, { ...ceilings, reservations: 49 }))).toEqual([
      expect.stringMatching(/^leave 50 reservations alone/),
    ])
  })

  test('on a table of parts, with days and an enum, the same rows go', async () => {
    await client.query(`
      create schema other;
      create type other.state as enum ('open', 'done', 'gone');
      create table other.bookings (code text, day date not null, state other.state not null, secret text, until timestamp not null,
        primary key (code, day)) partition by range (day);
      create table other.old partition of other.bookings for values from ('2000-01-01') to ('2020-01-01');
      create table other.new partition of other.bookings default;
      insert into other.bookings select 'b' || n, current_date - n * 40, (array['open', 'done', 'gone'])[1 + n % 3]::other.state, 's' || n, now() + interval '1 hour' - n * interval '1 day'
        from generate_series(0, 299) n`)
    const table = {
      table: { schema: 'other', name: 'bookings' },
      columns: { status: 'state', date: 'day' },
      tokens: { token: 'secret', expires: 'until' },
      statuses: { pending: ['open'], confirmed: [], cancelled: ['gone'], completed: ['done'], noShow: [] },
    }
    const { rows } = await client.query(
      `select count(*)::int as due from other.bookings where state = 'done' and day < current_date - interval '1 year'`,
    )
    expect(await stepsOf(databaseAlone(), table)).toEqual([
      expect.stringContaining(`delete ${rows[0].due} reservations`),
      expect.stringContaining(`clear ${299 - rows[0].due} expired tokens`),
    ])
    expect(measured(await done(job(databaseAlone(), table)))).toMatchObject({
      'cleanup_removed reservations': rows[0].due,
      'cleanup_removed tokens': 299 - rows[0].due,
      'cleanup_left tokens': 0,
    })
    const { rows: after } = await client.query(`
      select count(*)::int as all, count(*) filter (where secret is not null)::int as secrets, count(until)::int as ends from other.bookings`)
    // The end of a token must not be null here, and stays.
    expect(after).toEqual([{ all: 300 - rows[0].due, secrets: 1, ends: 300 - rows[0].due }])
  })
})

describe('indexes', () => {
  const reindex = { ...databaseSetting.reindex, bytes: 100_000, share: 0.4 }
  const small = databaseAlone({ reindex })
  /** Rows come at random and most of them go again: what is left of their indexes is half empty. */
  const wear = () =>
    client.query(`
      insert into reservations (user_id, table_id, date, party_size, status)
        select 1 + n % 100, 1 + n % 50, now() - random() * interval '300 days', 2, 'CANCELLED' from generate_series(1, 20000) n;
      delete from reservations where status = 'CANCELLED' and random() < 0.8`)
  const worn = ['created_at', 'pkey', 'status_date', 'user_id'].map((name) => `reservations_${name}`)
  const sizes = async () => {
    const { rows } = await client.query(
      `select relname, pg_relation_size(oid)::int as bytes, relfilenode from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace`,
    )
    return new Map(rows.map(({ relname, ...row }) => [String(relname), row]))
  }
  const invalid = async () =>
    (await client.query('select indexrelid::regclass::text as name from pg_index where not indisvalid')).rows.map(
      ({ name }) => name,
    )

  test.each(['by the estimate', 'by pgstattuple'])('only bloated ones are rebuilt, as found %s', async (how) => {
    if (how === 'by pgstattuple') await client.query('create extension pgstattuple')
    await wear()
    await client.query('vacuum analyze')
    const before = await sizes()
    const steps = (await stepsOf(small)).filter((one) => one.startsWith('rebuild'))
    const found = steps.map((one) => /"public"."(\w+)", beside the work/.exec(one)?.[1]).toSorted()
    expect(found).toEqual(worn)
    const record = await done(job(small))
    expect(record).toMatchObject({ outcome: 'succeeded' })
    expect(measured(record)).toMatchObject({ cleanup_reindexed_indexes: steps.length })
    const after = await sizes()
    const rebuilt = [...after].filter(([name, { relfilenode }]) => before.get(name)?.relfilenode !== relfilenode)
    expect(rebuilt.map(([name]) => name).toSorted()).toEqual(worn)
    for (const [name, { bytes }] of rebuilt) expect(bytes).toBeLessThan(0.6 * before.get(name)?.bytes)
    expect(await invalid()).toEqual([])
    expect((await stepsOf(small)).filter((one) => one.startsWith('rebuild'))).toEqual([])
  })

  test('what a rebuild that was cut short left is dropped, and nothing else that is invalid', async () => {
    await client.query(`
      create table others (id int primary key);
      create index reservations_pkey_ccnew on reservations (id);
      create index reservations_pkey_ccold2 on reservations (id);
      create index reservations_mine on reservations (id);
      create index others_pkey_ccnew on others (id);
      create index reservations_valid_ccnew on reservations (id);
      update pg_index set indisvalid = false where indexrelid in ('reservations_pkey_ccnew'::regclass, 'reservations_pkey_ccold2'::regclass,
        'reservations_mine'::regclass, 'others_pkey_ccnew'::regclass)`)
    expect((await stepsOf()).filter((one) => one.startsWith('drop'))).toEqual([
      'drop public.reservations_pkey_ccnew, which a rebuild that was cut short left',
      'drop public.reservations_pkey_ccold2, which a rebuild that was cut short left',
    ])
    expect(await done()).toMatchObject({ outcome: 'succeeded' })
    expect((await invalid()).toSorted()).toEqual(['others_pkey_ccnew', 'reservations_mine'])
  })

  test('where there is no room, or nobody can tell and it is large, none is rebuilt', async () => {
    await wear()
    await client.query('vacuum analyze')
    const full = databaseAlone({ reindex: { ...reindex, spareBytes: 1e15 } })
    expect(await stepsOf(full)).toContainEqual(
      expect.stringMatching(
        /^not rebuild "public"."reservations_pkey": there is room for \d+ MiB, and rebuilding it takes 95367\d{4} MiB$/,
      ),
    )
    expect(measured(await done(job(full)))).toMatchObject({ cleanup_reindexed_indexes: 0 })
    // Who may not know where the server keeps its files cannot look there.
    await client.query(
      `drop role if exists keeper; create role keeper login password 'a-password'; grant create on schema public to keeper`,
    )
    for (const name of ['reservations', 'users', 'tables', 'payments'])
      await client.query(`alter table ${name} owner to keeper`)
    const own = new URL(url)
    own.username = 'keeper'
    own.password = 'a-password'
    url = own.href
    expect(await stepsOf(databaseAlone({ reindex: { ...reindex, blindBytes: 100 } }))).toContainEqual(
      expect.stringMatching(
        /^not rebuild "public"."reservations_pkey": it has \d MiB, and nobody here can tell how much room/,
      ),
    )
  })

  test('a transaction that is open for long costs a rebuild its turn, and leaves nothing behind', async () => {
    await wear()
    await client.query('vacuum analyze')
    const other = new Client(url)
    await other.connect()
    await other.query('begin isolation level repeatable read')
    await other.query('select count(*) from reservations')
    const record = await done(job(databaseAlone({ reindex: { ...reindex, lockMs: 300 } })))
    await other.end()
    expect(record).toMatchObject({ outcome: 'succeeded' })
    expect(measured(record)).toMatchObject({ cleanup_reindexed_indexes: 0 })
    expect((await invalid()).length).toBe(1)
    expect(measured(await done(job(small))).cleanup_reindexed_indexes).toBeGreaterThan(0)
    expect(await invalid()).toEqual([])
  })
})

describe('nothing is changed, and what is wrong is named, where', () => {
  const refusing: readonly (readonly [where: string, sql: string, faults: readonly RegExp[]])[] = [
    [
      'there is no such table',
      'drop table reservations cascade',
      [/^database shop_\d+ of JOBS_DATABASE_URL has no table "public"\."reservations"/],
    ],
    [
      'rows of a table would go that nobody named',
      'create table points (id int, reservation_id uuid references reservations on delete cascade)',
      [/^public\.points would lose rows with the reservations \(points_reservation_id_fkey says ON DELETE CASCADE\)/],
    ],
    [
      'the token must not be null',
      `update reservations set management_token = ''; alter table reservations alter column management_token set not null`,
      [/^column "management_token" must not be null/],
    ],
    [
      'it is a view',
      'alter table reservations rename to bookings; create view reservations as select * from bookings',
      [/is no table: the cleanup needs the table itself/],
    ],
    [
      'a table whose indexes are rebuilt is not there',
      'alter table tables rename to furniture',
      [/^database shop_\d+ has no table "public"\."tables"/],
    ],
    [
      'a column is not there',
      'alter table reservations rename column date to day',
      [/column "date" does not exist.*run the service's migrations/],
    ],
  ]
  test.each(refusing)('%s', async (_where, sql, faults) => {
    await client.query(sql)
    expect(await faultsOf()).toEqual(faults.map((fault) => expect.stringMatching(fault)))
  })

  test('the login may not', async () => {
    await client.query(
      `drop role if exists reader; create role reader login password 'a-password'; grant select on all tables in schema public to reader`,
    )
    const own = new URL(url)
    own.username = 'reader'
    own.password = 'a-password'
    url = own.href
    expect(await faultsOf()).toEqual([
      expect.stringMatching(
        /^"reader" may not clean .* run GRANT SELECT, UPDATE, DELETE ON "public"."reservations" TO "reader"/,
      ),
    ])
    await client.query('grant select, update, delete on reservations to reader')
    expect(await faultsOf()).toEqual([
      expect.stringMatching(/^"reader" may not rebuild indexes of "public"."reservations"/),
      expect.stringMatching(/^"reader" may not rebuild indexes of "public"."users"/),
      expect.stringMatching(/^"reader" may not rebuild indexes of "public"."tables"/),
    ])
    await client.query('drop owned by reader')
  })

  test('what is allowed on the command line is no kind, or the job asks for nothing', async () => {
    const said = (...args: readonly string[]) =>
      run(process.execPath, ['--import', 'tsx', 'jobs/main.ts', ...args], {
        env: { ...process.env, JOBS_DIR: shop.folder, JOBS_DATABASE_URL: url, JOBS_REDIS_URL: 'redis://127.0.0.1:1' },
        timeout: 20_000,
      }).then(
        ({ stdout }) => stdout,
        ({ stderr }) => String(stderr),
      )
    expect(await said('cleanup', '--dry-run', '--allow', 'guests=3')).toMatch(
      /--allow guests=3 allows nothing: write one of reservations, tokens, expired_keys, sessions, = and how many/,
    )
    expect(await said('restart', '--dry-run', '--allow', 'reservations=3')).toMatch(/restart asks for nothing/)
    const ofOneJob = /--allow and --dry-run are for one run of one job/
    expect(await said('schedule', '--allow', 'reservations=3')).toMatch(ofOneJob)
    // It would run what is on, until somebody ends it.
    expect(await said('schedule', '--dry-run')).toMatch(ofOneJob)
    expect(await said('cleanup', '--dry-run', '--allow', 'reservations=30000')).toMatch(/JOBS_REDIS_URL/)
  })

  test('a variable is missing, a server does not answer, what is allowed is no kind', async () => {
    const nothing = cleanupJob(readEnv({}))
    await expect(nothing.plan(signal)).rejects.toMatchObject({
      faults: [
        expect.stringMatching(/^JOBS_DATABASE_URL is missing/),
        expect.stringMatching(/^JOBS_REDIS_URL is missing/),
      ],
    })
    url = `postgres://somebody@127.0.0.1:${await freePort()}/nothing`
    expect(await faultsOf()).toEqual([
      expect.stringMatching(/^could not reach the database of JOBS_DATABASE_URL: .*ECONNREFUSED/),
    ])
  })

  test('the server is a standby', async () => {
    const standby = await shop.standby(server)
    const own = new URL(standby.url)
    own.pathname = new URL(url).pathname
    url = own.href
    expect(await faultsOf()).toEqual([
      expect.stringMatching(/is a standby, where nothing can be changed: name its primary/),
    ])
  })
})
