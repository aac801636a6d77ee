import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { startPostgres } from '../../../compose/local/postgres.ts'
import { readEnv } from '../../../config/env.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import { cleanupJob } from '../../../jobs/cleanup/index.ts'
import { eventually, portOf } from '../../integration/servers.ts'
import type { Case, Shop } from './case.ts'
import type { CleanupTask } from './cleanup-child.ts'
import { bookedDatabase, databaseAlone, databaseSetting, tally } from './cleanup-stand.ts'

const child = fileURLToPath(new URL('cleanup-child.ts', import.meta.url))

/** A run in a process of its own. */
export const begun = (task: CleanupTask, more: NodeJS.ProcessEnv = {}) => {
  const own = spawn(process.execPath, ['--import', 'tsx', child], {
    env: { ...process.env, ...more, TASK: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  own.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const over = once(own, 'exit').then(() => own.exitCode)
  return {
    said: () => said,
    over,
    kill: async () => {
      own.kill('SIGKILL')
      await over
      return own.signalCode
    },
  }
}

let numbered = 0

const standOf = async (shop: Shop, old: number) => {
  numbered += 1
  const server = await shop.postgres({ settings: { autovacuum: 'off' } })
  const { url } = server
  const client = await bookedDatabase(url, { old })
  const folder = join(shop.folder, `cleanup-${numbered}`)
  return { server, url, client, folder, env: { JOBS_DATABASE_URL: url, JOBS_DIR: folder } }
}

/** What promises of a reservation are broken, if any. */
const broken = async (client: Client, before: Awaited<ReturnType<typeof tally>>) => {
  const now = await tally(client)
  const { rows } = await client.query(`
    select count(*)::int as half from paid where not exists (select from payments p where p.id = paid.payment)
      and exists (select from reservations r where r.id = paid.reservation)`)
  return {
    now,
    faults: [
      ...(now.young === before.young ? [] : [`${before.young - now.young} young reservations are gone`]),
      ...(now.coming === before.coming ? [] : [`${before.coming - now.coming} confirmed reservations are gone`]),
      ...(now.orphans === 0 ? [] : [`${now.orphans} payments have no reservation`]),
      ...(rows[0].half === 0 ? [] : [`${rows[0].half} reservations lost their payment and are there still`]),
    ],
  }
}

const words = ({ old, young, coming, payments }: Awaited<ReturnType<typeof tally>>) =>
  `${old + young + coming} reservations (${old} due) and ${payments} payments`

/** Keeps what was paid for what, and lets a deletion take its time. */
const slowed = (client: Client) =>
  client.query(`
    create table paid as select id as payment, reservation_id as reservation from payments;
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.001); return old; end $$;
    create trigger slows before delete on reservations for each row execute function slow();`)

/** Whether some rows of a run are gone, and a batch is at work. */
const deleting = async (client: Client, due: number) => {
  const { rows } = await client.query(
    `select count(*)::int as busy from pg_stat_activity where application_name = 'techplus-cleanup' and query like '%skip locked%' and state = 'active'`,
  )
  return rows[0].busy > 0 && (await tally(client)).old < due
}

/** Kills during the deletion, while a batch is under way. */
const kills = 6

const duringDelete: Case = {
  name: 'cleanup: kill -9 during a batch of the deletion',
  prove: async (shop) => {
    const { client, env, folder } = await standOf(shop, 3_000)
    await slowed(client)
    const before = await tally(client)
    const faults: string[] = []
    let due = before.old
    let killed = 0
    for (let time = 0; time < kills; time += 1) {
      const run = begun({ env, what: databaseAlone() })
      // What the server still does of the run before is not this one's.
      await eventually(async () => run.said().includes('it will') && (await deleting(client, due)), Boolean, {
        every: 2,
      })
      if ((await run.kill()) === 'SIGKILL') killed += 1
      const found = await broken(client, before)
      faults.push(...found.faults)
      due = found.now.old
    }
    const last = begun({ env, what: databaseAlone() })
    if ((await last.over) !== 0) faults.push(`the next run did not succeed: ${last.said()}`)
    const after = await broken(client, before)
    faults.push(...after.faults)
    if (after.now.old > 0) faults.push(`${after.now.old} reservations that are due are left`)
    const { records } = await readKept(folder, 'cleanup')
    const told = records.filter(({ outcome }) => outcome === 'killed').length
    if (told !== killed) faults.push(`${told} of ${killed} runs that were killed have a record`)
    await client.end()
    return {
      what: `killed ${killed} times while a batch was being deleted, then run to its end`,
      counts: `${words(before)} before, ${due} due after the last kill, ${words(after.now)} after the next run`,
      faults,
    }
  },
}

const duringReindex: Case = {
  name: 'cleanup: kill -9 while an index is rebuilt',
  prove: async (shop) => {
    const { url, client, env } = await standOf(shop, 0)
    await client.query(`
      insert into reservations (user_id, table_id, date, party_size, status)
        select 1 + n % 100, 1 + n % 50, now() - random() * interval '300 days', 2, 'CANCELLED' from generate_series(1, 20000) n;
      delete from reservations where status = 'CANCELLED' and random() < 0.8`)
    await client.query('vacuum analyze')
    const what = databaseAlone({ reindex: { ...databaseSetting.reindex, bytes: 100_000, share: 0.4 } })
    const rowsIn = async () => (await client.query('select count(*)::int as count from reservations')).rows[0].count
    const invalid = async () =>
      (await client.query('select indexrelid::regclass::text as name from pg_index where not indisvalid')).rows.length
    const before = await rowsIn()
    const faults: string[] = []
    // Whoever reads holds the rebuild up, at a moment when the new index is there and does not count yet.
    const reader = new Client(url)
    await reader.connect()
    await reader.query('begin isolation level repeatable read; select count(*) from reservations')
    const run = begun({ env, what })
    await eventually(invalid, (count) => count > 0)
    await run.kill()
    const left = await invalid()
    await reader.end()
    const next = begun({ env, what })
    if ((await next.over) !== 0) faults.push(`the next run did not succeed: ${next.said()}`)
    // The server may have ended the first of them in between.
    const rebuilt = Number(/(\d+) indexes of/.exec(next.said())?.[1] ?? 0)
    const { steps } = await cleanupJob(readEnv(env), { what }).plan(new AbortController().signal)
    const bloated = steps.filter((step) => step.startsWith('rebuild')).length
    if (rebuilt < 3 || bloated > 0)
      faults.push(`the next run rebuilt ${rebuilt} indexes, and ${bloated} are bloated still`)
    const after = await invalid()
    if (after > 0) faults.push(`${after} invalid indexes are left`)
    if ((await rowsIn()) !== before) faults.push('reservations are gone')
    await client.end()
    return {
      what: 'killed while REINDEX CONCURRENTLY had built the new index and waited for a reader',
      counts: `${before} reservations before and after; ${left} invalid index left by the kill, ${after} after the next run, which rebuilt ${rebuilt}`,
      faults,
    }
  },
}

const besideWriters: Case = {
  name: 'cleanup: somebody writes the same rows',
  prove: async (shop) => {
    const { url, client, env } = await standOf(shop, 8_000)
    const { rows } = await client.query(`select id from reservations where status = 'COMPLETED'`)
    const writer = new Client(url)
    await writer.connect()
    const run = begun({ env, what: databaseAlone() })
    const waits: number[] = []
    let over = false
    void run.over.then(() => {
      over = true
    })
    while (!over) {
      const { id } = rows[Math.floor(Math.random() * rows.length)]
      const from = performance.now()
      await writer.query('update reservations set party_size = 1 + party_size % 4 where id = $1', [id])
      waits.push(performance.now() - from)
    }
    await writer.end()
    const { old } = await tally(client)
    const worst = Math.max(...waits)
    const { statementMs } = databaseSetting.batch
    await client.end()
    const median = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0
    return {
      what: `${waits.length} updates of rows that are due, one after the other, while the cleanup runs`,
      counts: `longest wait ${Math.round(worst)} ms, half of them below ${Math.ceil(median)} ms; a batch is given up after ${statementMs} ms`,
      faults: [
        // Beside what the batch may take the writer waits for a processor and for the disk.
        ...(worst <= 1.5 * statementMs ? [] : [`a writer waited ${Math.round(worst)} ms`]),
        ...((await run.over) === 0 ? [] : [`the run did not succeed: ${run.said()}`]),
        // One that is written at the moment is left for the next run.
        ...(old < 80 ? [] : [`${old} of 8000 reservations are left`]),
      ],
    }
  },
}

const serverGone: Case = {
  name: 'cleanup: the server is gone during a batch of the deletion',
  prove: async (shop) => {
    const { server, url, client, env, folder } = await standOf(shop, 3_000)
    client.on('error', () => undefined)
    await slowed(client)
    const before = await tally(client)
    const run = begun({ env, what: databaseAlone() })
    await eventually(() => deleting(client, before.old), Boolean, { every: 2 })
    process.kill(server.pid, 'SIGKILL')
    const faults = (await run.over) === 1 ? [] : [`the run did not fail: ${run.said()}`]
    await server.exited
    const dataDir = server.log.replace(/\.log$/, '')
    const settings = { autovacuum: 'off' }
    shop.keep(await startPostgres({ dataDir, port: portOf(url), settings, durable: false }))
    const again = new Client(url)
    await again.connect()
    const between = await broken(again, before)
    const next = begun({ env, what: databaseAlone() })
    if ((await next.over) !== 0) faults.push(`the next run did not succeed: ${next.said()}`)
    const after = await broken(again, before)
    await again.end()
    faults.push(...between.faults, ...after.faults)
    if (after.now.old > 0) faults.push(`${after.now.old} reservations that are due are left`)
    const outcomes = (await readKept(folder, 'cleanup')).records.map(({ outcome }) => outcome).join()
    if (outcomes !== 'failed,succeeded') faults.push(`the records say ${outcomes}`)
    return {
      what: 'SIGKILL to PostgreSQL while a batch was being deleted; started again, then run again',
      counts: `${words(before)} before, ${between.now.old} due when it was there again, ${words(after.now)} after the next run`,
      faults,
    }
  },
}

export const cases: readonly Case[] = [duringDelete, duringReindex, besideWriters, serverGone]
