import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { Client } from 'pg'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startBlackboxExporter } from '../../../compose/local/servers.ts'
import { yaml } from '../../../compose/yaml.ts'
import { authority } from '../../integration/certificates.ts'
import { clientOf, infoOf } from '../../integration/redis-stand.ts'
import { eventually, freePort, type workshop } from '../../integration/servers.ts'
import type { Scraped } from '../alerts/provocation.ts'
import { listening } from '../listening.ts'

type Shop = ReturnType<typeof workshop>

const settings = {
  archive_mode: 'on',
  archive_command: 'true',
  autovacuum_naptime: '1s',
  max_prepared_transactions: '5',
  max_slot_wal_keep_size: '64MB',
  wal_level: 'logical',
}

/** So that each family has something to tell. The empty table keeps its pages: it is bloated in every run. */
const schema = `
  create extension pg_stat_statements;
  create role limited login connection limit 5;
  alter database postgres connection limit 50;
  create table orders (id serial primary key, guest int, covers int);
  insert into orders (guest, covers) select g, 2 from generate_series(1, 200000) g;
  create index by_guest on orders (guest);
  create index by_guest_again on orders (guest);
  create table tired (id int primary key) with (
    autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0, vacuum_truncate = off);
  insert into tired select generate_series(1, 1000);
  delete from tired;
  delete from orders where id % 10 > 0;
  analyze orders;
  select pg_switch_wal()`

/** What is under way in a database until `end`: one who waits for another, one who sorts on disk, one who forgot to commit. */
const busy = async (url: string) => {
  const clients: Client[] = []
  const session = async (sql: string) => {
    const client = new Client({ connectionString: url, application_name: 'a guest' })
    client.on('error', () => undefined)
    await client.connect()
    clients.push(client)
    await client.query(sql)
    return client
  }
  const admin = await session(schema)
  await admin.query('vacuum orders')
  // A slot of a database, as a standby's is of none.
  await admin.query(`select pg_create_logical_replication_slot('decoding', 'test_decoding')`)
  // It fails, for there are two of each, and leaves an index that is not valid.
  await admin.query('create unique index concurrently broken on orders (covers)').catch(() => undefined)
  await session(`begin; insert into tired values (0); prepare transaction 'forgotten'`)
  await session(`
    begin; set local work_mem = '64kB';
    declare sorted cursor for select g from generate_series(1, 500000) g order by -g; fetch 1 from sorted`)
  await session('begin; lock table orders')
  const waiting = await session('begin')
  // Ends with the server.
  waiting.query('select count(*) from orders').catch(() => undefined)
  return async () => {
    for (const client of clients.toReversed()) await client.end()
  }
}

/** A primary with something to tell, and its standby. */
export const postgresPair = async (shop: Shop) => {
  const primary = await shop.postgres({ settings })
  const standby = await shop.standby(primary)
  return { primary: primary.url, standby: standby.url, end: await busy(primary.url) }
}

/** A master with something to tell, its replica, and a node of a cluster, which is a Valkey. */
export const redisTrio = async (shop: Shop) => {
  const common = { appendonly: 'yes', save: ['3600', '1'], 'slowlog-log-slower-than': '0' } as const
  const master = await shop.redis({ maxmemory: '64mb', settings: common })
  const replicaof = ['127.0.0.1', new URL(master.url).port]
  const replica = await shop.redis({ settings: { ...common, replicaof } })
  const bus = { 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) } as const
  const node = await shop.redis({ flavour: 'valkey-8', settings: { ...common, ...bus } })
  const client = clientOf(master.url)
  await eventually(
    async () => (await infoOf(client)).slave0 ?? '',
    (text) => /state=online.*lag=[01]\b/.test(text),
  )
  await client.config('SET', 'min-replicas-to-write', '1')
  await client.config('SET', 'latency-monitor-threshold', '10')
  await client.set('passing', '1', 'EX', 1000)
  await client.get('absent')
  await client.call('NOSUCH').catch(() => undefined)
  return { master: master.url, replica: replica.url, node: node.url, end: async () => client.disconnect() }
}

/** A probe by https: what the demo answers by http says of no certificate. */
export const secureProbe = async (shop: Shop) => {
  const certificates = authority(join(shop.folder, 'certificates'), 'an authority')
  const server = createServer(certificates.issue('valid', ['localhost']), (_, response) => response.end('well\n'))
  const port = await listening(server)
  const programs = await ensurePrograms(['blackbox-exporter'])
  const configFile = join(shop.folder, 'blackbox.yml')
  const http = { preferred_ip_protocol: 'ip4', tls_config: { ca_file: certificates.certFile } }
  writeFileSync(configFile, yaml({ modules: { http_2xx: { prober: 'http', timeout: '5s', http } } }))
  const blackbox = shop.keep(
    await startBlackboxExporter({
      program: programs['blackbox-exporter'],
      dataDir: join(shop.folder, 'blackbox'),
      port: await freePort(),
      configFile,
    }),
  )
  const target = encodeURIComponent(`https://localhost:${port}/`)
  const scraped: Scraped = {
    job: 'probe',
    instance: 'secure',
    url: `${blackbox.url}/probe?module=http_2xx&target=${target}`,
  }
  return { scraped, end: async () => void server.close() }
}
