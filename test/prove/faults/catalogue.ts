import type { Client } from 'pg'
import { memoryOf, spreadOf } from '../../bench/measure.ts'
import { eventually } from '../../integration/servers.ts'
import { memoryCells } from './crowd.ts'
import { type Found, forgetPeak, isWell, mib } from './occur.ts'
import { type FaultyPostgres, faultyPostgres, password } from './servers.ts'
import { type Exporter, patience, type Reply, type Stand, startExporter, urlOf } from './stand.ts'

/** Files by the hundred thousand, which nobody needs afterwards. */
const settings = {
  shared_buffers: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_locks_per_transaction: '1024',
  autovacuum: 'off',
}

/** Tables of one transaction. */
const batch = 500

const fill = async (client: Client, tables: number) => {
  for (let from = 1; from <= tables; from += batch) {
    const to = Math.min(tables, from + batch - 1)
    await client.query(`
      do $$ begin
        for place in ${from}..${to} loop
          execute format('create table orders_%s (id int primary key, guest int, covers int)', place);
          execute format('create index on orders_%s (guest)', place);
          execute format('create index on orders_%s (covers)', place);
        end loop;
      end $$`)
  }
  // As autovacuum would leave it.
  for (const table of ['pg_class', 'pg_index', 'pg_attribute']) await client.query(`vacuum analyze ${table}`)
}

const target = 'postgres/many'
const other = 'postgres/other'

/** Seconds that Prometheus waits by itself. Until sizes are known no table is left for later, and a scrape takes longer. */
const usual = 10

const values = (body: string, name: string) =>
  [...body.matchAll(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'gm'))].map(([, value]) => Number(value))

/** Scrapes until all that is found beside the scrapes has been found once. */
const surveyed = (exporter: Exporter) =>
  eventually(
    async () => (await exporter.scrape(target, usual)).body,
    (body) => {
      const [begun, done] = [values(body, 'pg_survey_success'), values(body, 'pg_survey_duration_seconds')]
      return done.length > 0 && done.length === begun.length && begun.every((success) => success === 1)
    },
    { within: 300_000, every: 500 },
  )

const milliseconds = async ({ ask }: FaultyPostgres) => {
  const spent = `select coalesce(sum(total_exec_time), 0)::float8 as spent from pg_stat_statements where userid = 'many'::regrole`
  return (await ask<{ spent: number }>(spent))[0]?.spent ?? 0
}

const backends = ({ ask }: FaultyPostgres) =>
  ask<{ pid: number }>(`select pid from pg_stat_activity where usename = 'many'`)

interface Made {
  readonly tables: number
  readonly times: number
  /** Seconds it took to make them. */
  readonly took: number
}

const read = async (exporter: Exporter, server: FaultyPostgres, { tables, times, took }: Made): Promise<Found> => {
  const first = await exporter.scrape(target, usual)
  const body = await surveyed(exporter)
  await eventually(
    () => backends(server),
    ({ length }) => length === 1,
  )
  const [before, spent] = [await exporter.memory(), await milliseconds(server)]
  forgetPeak(exporter.pid)
  const pairs = []
  for (let time = 0; time < times; time += 1) {
    pairs.push(await Promise.all([exporter.scrape(target), exporter.scrape(other)]))
  }
  const ofServer = ((await milliseconds(server)) - spent) / times
  const after = await exporter.memory()
  const replies = pairs.map(([one]) => one)
  const others = pairs.map(([, one]) => one)
  const allowed = (one: Reply) => 1000 * (one === first ? usual : patience)
  const late = [first, ...replies, ...others].filter((one) => one.milliseconds > allowed(one) || !isWell(one))
  const pids = await backends(server)
  const memory = pids.reduce((sum, { pid }) => sum + memoryOf(pid, 'RssAnon'), 0)
  const surveys = values(body, 'pg_survey_duration_seconds')
  const name = `a catalogue of ${(4 * tables).toLocaleString('en')} relations of users, made in ${took} s`
  const says = [
    `up 1; the first, with ${usual} s, took ${Math.round(first.milliseconds)} ms; then ${mib(body.length)} MiB in ${Math.round(spreadOf(replies.map((one) => one.milliseconds)).median)} ms, the median`,
    `${Math.round(ofServer)} ms of the server and ${Math.round(memory)} MiB there`,
    `${surveys.length} surveys beside the scrapes took ${surveys.reduce((sum, one) => sum + one, 0).toFixed(1)} s together`,
  ].join('; ')
  const slowest = (all: typeof replies) => Math.round(Math.max(...all.map((one) => one.milliseconds)))
  const row = [name, replies.length, slowest(replies), says, slowest(others), `1, –, ${pids.length}`, '–']
  const failed = late.map((one) => `${Math.round(one.milliseconds)} ms, up ${one.up}, ${one.failed.join(', ')}`)
  return {
    row: [...row, ...memoryCells(exporter.pid, before, after)],
    faults: late.length > 0 || pids.length > 1 ? [`${name}: ${says}: ${failed.join('; ')}`] : [],
  }
}

/** A database of four relations a table, read with the limits and at the pace of production. */
export const catalogue = async (stand: Stand, { tables = 50_000, times = 20 } = {}): Promise<Found> => {
  const server = await faultyPostgres(stand.folder, 'catalogue', settings)
  try {
    await server.ask(`create role many login password '${password}'; grant pg_monitor to many`)
    await server.ask('create extension pg_stat_statements')
    const began = performance.now()
    const client = await server.client()
    await fill(client, tables)
    await client.end()
    const took = Math.round((performance.now() - began) / 1000)
    const exporter = await startExporter(stand.folder, {
      [target]: { kind: 'postgres', url: urlOf(server, 'many') },
      [other]: { kind: 'postgres', url: urlOf(stand.postgres, 'faulty') },
    })
    try {
      return await read(exporter, server, { tables, times, took })
    } finally {
      await exporter.stop()
    }
  } finally {
    await server.end()
  }
}
