import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { eventually } from '../../integration/servers.ts'
import type { Fault } from './fault.ts'
import { password } from './servers.ts'
import type { Stand } from './stand.ts'

const target = 'postgres/faulty'
const ours = `usename = 'faulty'`

/** What one collector reads. A scrape waits for it, and so is under way for half a second. */
export const view = 'pg_stat_archiver'

export const hold = async ({ postgres }: Stand, sql: string): Promise<Client> => {
  const holder = await postgres.client()
  await holder.query(`begin; ${sql}`)
  return holder
}

export const lock = (tables: string) => `lock table ${tables} in access exclusive mode`

/** It may have gone with its server. */
export const leave = (client: Client) => client.end().catch(() => undefined)

export const waiting = async ({ postgres }: Stand): Promise<number> => {
  const rows = await eventually(
    () => postgres.ask<{ pid: number }>(`select pid from pg_stat_activity where ${ours} and wait_event_type = 'Lock'`),
    (found) => found.length > 0,
    { every: 5 },
  )
  return rows[0]?.pid ?? 0
}

const dismiss = ({ postgres }: Stand) =>
  postgres.ask(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where ${ours}`)

const takesConnections = ({ postgres }: Stand) =>
  eventually(
    () =>
      postgres.ask('select 1').then(
        () => true,
        () => false,
      ),
    Boolean,
  )

/** Strikes when a scrape waits for a lock, and so is under way. */
const midScrape = (name: string, strike: (stand: Stand) => Promise<unknown>, mend = takesConnections): Fault => ({
  name,
  target,
  scrapes: 1,
  mute: true,
  begin: async (stand) => {
    const holder = await hold(stand, lock(view))
    const struck = async () => {
      await waiting(stand)
      await strike(stand)
    }
    const end = async () => {
      await leave(holder)
      await mend(stand)
    }
    return { strike: struck, end }
  },
})

const midScrapes: readonly Fault[] = [
  midScrape('`pg_terminate_backend()` in the middle of a scrape', (stand) => dismiss(stand)),
  midScrape('`kill -9` of our backend in the middle of a scrape: the server recovers from a crash', async (stand) => {
    process.kill(await waiting(stand), 'SIGKILL')
  }),
  midScrape(
    '`kill -9` of the whole server in the middle of a scrape, then started anew',
    ({ postgres }) => postgres.kill(),
    ({ postgres }) => postgres.start().then(() => true),
  ),
]

const hangs: Fault = {
  name: '`SIGSTOP` of the server and all its backends',
  target,
  up: 0,
  mute: true,
  begin: async ({ postgres }) => {
    postgres.signal('SIGSTOP')
    return { end: async () => postgres.signal('SIGCONT') }
  },
}

/** The server lets nobody of us in; a connection that was kept would not notice. */
const refusing = (name: string, begin: (stand: Stand) => Promise<() => Promise<unknown>>): Fault => ({
  name,
  target,
  up: 0,
  begin: async (stand) => {
    const end = await begin(stand)
    await dismiss(stand)
    return { end }
  },
})

/** A reload takes effect when the server gets round to it. */
const letsIn = ({ postgres }: Stand, yes: boolean) => {
  const tried = () =>
    postgres.client('faulty').then(
      (client) => leave(client).then(() => true),
      () => false,
    )
  return eventually(tried, (allowed) => allowed === yes)
}

const rejected = async (stand: Stand) => {
  const file = join(stand.postgres.dataDir, 'pg_hba.conf')
  const before = readFileSync(file, 'utf8')
  const write = async (text: string, yes: boolean) => {
    writeFileSync(file, text)
    await stand.postgres.ask('select pg_reload_conf()')
    await letsIn(stand, yes)
  }
  await write(`host all faulty 127.0.0.1/32 reject\n${before}`, false)
  return () => write(before, true)
}

/** A server in recovery without hot standby refuses everybody until it is promoted. */
const starts: Fault = {
  name: 'the server starts up and lets nobody in yet',
  target,
  up: 0,
  mute: true,
  begin: async ({ postgres }) => {
    await postgres.quit('SIGINT')
    writeFileSync(join(postgres.dataDir, 'standby.signal'), '')
    const conf = join(postgres.dataDir, 'postgresql.auto.conf')
    const before = readFileSync(conf, 'utf8')
    writeFileSync(conf, `${before}\nhot_standby = off\n`)
    const started = postgres.start()
    const refusal = () => postgres.ask('select 1').then(() => '', String)
    await eventually(refusal, (words) => /starting up|not accepting/.test(words))
    const end = async () => {
      writeFileSync(join(postgres.dataDir, 'promote'), '')
      process.kill(Number(readFileSync(join(postgres.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGUSR1')
      await started
      writeFileSync(conf, before)
      rmSync(join(postgres.dataDir, 'standby.signal'), { force: true })
    }
    return { end }
  },
}

const refusals: readonly Fault[] = [
  refusing('refused login: wrong password', async ({ postgres }) => {
    await postgres.ask(`alter role faulty password 'another'`)
    return () => postgres.ask(`alter role faulty password '${password}'`)
  }),
  refusing('refused login: `NOLOGIN`', async ({ postgres }) => {
    await postgres.ask('alter role faulty nologin')
    return () => postgres.ask('alter role faulty login')
  }),
  refusing('refused login: `reject` in pg_hba.conf', rejected),
  // The connection of the stand keeps it from ending.
  refusing('the server shuts down and waits for its clients', async ({ postgres }) => {
    const gone = postgres.quit('SIGTERM')
    return async () => {
      await postgres.quit('SIGINT')
      await gone
      await postgres.start()
    }
  }),
  starts,
]

/** As many as are let in. */
const crowd = async ({ postgres }: Stand) => {
  const clients: Client[] = []
  for (;;) {
    const next = await postgres.client('crowd').catch(() => undefined)
    if (!next) break
    clients.push(next)
  }
  return () => Promise.all(clients.map(leave))
}

const outOfConnections: readonly Fault[] = [
  {
    name: 'out of connections while we hold one: what is found beside the scrapes has to wait',
    target,
    up: 1,
    begin: async (stand) => ({ end: await crowd(stand) }),
  },
  {
    name: 'out of connections and we hold none',
    target,
    up: 0,
    begin: async (stand) => {
      await dismiss(stand)
      return { end: await crowd(stand) }
    },
  },
]

const userTables = `select string_agg(oid::regclass::text, ', ') as tables from pg_class
  where relkind = 'r' and relnamespace = 'public'::regnamespace`
const allTables = async ({ postgres }: Stand, limit = 1_000_000) => {
  const [row] = await postgres.ask<{ tables: string }>(userTables)
  return (row?.tables ?? '').split(', ').slice(0, limit).join(', ')
}

const locks: readonly Fault[] = [
  {
    name: 'one table locked `ACCESS EXCLUSIVE`',
    target,
    up: 1,
    whole: true,
    begin: async (stand) => {
      const holder = await hold(stand, lock(await allTables(stand, 1)))
      return { end: () => leave(holder) }
    },
  },
  {
    name: 'every table locked `ACCESS EXCLUSIVE`',
    target,
    up: 1,
    whole: true,
    begin: async (stand) => {
      const holder = await hold(stand, lock(await allTables(stand)))
      return { end: () => leave(holder) }
    },
  },
  {
    name: 'what one collector reads, `pg_stat_archiver`, locked `ACCESS EXCLUSIVE`',
    target,
    up: 1,
    failed: ['archiver'],
    begin: async (stand) => {
      const holder = await hold(stand, lock(view))
      return { end: () => leave(holder) }
    },
  },
]

export const postgresFaults: readonly Fault[] = [...midScrapes, hangs, ...refusals, ...outOfConnections, ...locks]
