import { Redis } from 'ioredis'
import type { Client } from 'pg'

/** What a server holds while it is scraped. */
export interface Catalogue {
  readonly tables: number
  readonly indexes: number
  readonly statements: number
}

export const catalogues = {
  'postgres-small': { tables: 20, indexes: 60, statements: 200 },
  'postgres-medium': { tables: 1_000, indexes: 5_000, statements: 5_000 },
  'postgres-large': { tables: 5_000, indexes: 20_000, statements: 10_000 },
} as const satisfies Readonly<Record<string, Catalogue>>

export const keyspaces = { 'redis-100k': 100_000, 'redis-1m': 1_000_000 } as const satisfies Readonly<
  Record<string, number>
>

export type CatalogueName = keyof typeof catalogues
export type KeyspaceName = keyof typeof keyspaces
export type DataSetName = CatalogueName | KeyspaceName

const range = (length: number) => Array.from({ length }, (_, place) => place)
const tableName = (place: number) => `bench_${String(place).padStart(5, '0')}`

/** As many as one transaction may lock at the server's usual `max_locks_per_transaction`. */
const batch = 100
const batches = (length: number) =>
  range(Math.ceil(length / batch)).map((at) =>
    range(Math.min(batch, length - at * batch)).map((one) => one + at * batch),
  )

/** What the indexes of a table are on, the primary key first. */
const indexed = ['guest', 'covers', 'status, guest', 'placed, status', 'lower(note)', 'covers, placed']

const createTable = (place: number, indexes: number) =>
  [
    `create table ${tableName(place)} (id int primary key, guest int, covers int, status text, placed timestamptz, note text)`,
    ...indexed.slice(0, indexes - 1).map((columns) => `create index on ${tableName(place)} (${columns})`),
    `insert into ${tableName(place)} select i, i, i, 'kept', now(), 'window' from generate_series(1, 3) i`,
  ].join(';\n')

const columns = ['id', 'guest', 'covers', 'status', 'placed', 'note']

/** No two are one statement to pg_stat_statements: another table, or as many columns more. */
const statement = (place: number, tables: number) => {
  const shape = Math.floor(place / tables)
  const chosen = range(shape + 1).map((at) => `t.${columns[at % columns.length]}`)
  return `select ${chosen.join(', ')} from ${tableName(place % tables)} t where t.status = 'kept' and t.covers > 2 order by t.placed desc limit 1`
}

/** Fills an empty database: tables with rows and statistics, then as many distinct statements as asked, seen once. */
export const fillPostgres = async (client: Client, { tables, indexes, statements }: Catalogue) => {
  for (const places of batches(tables)) {
    await client.query(`begin; ${places.map((one) => createTable(one, indexes / tables)).join(';\n')}; commit`)
  }
  await client.query('analyze')
  await client.query('select pg_stat_statements_reset()')
  for (const places of batches(statements)) {
    await client.query(places.map((one) => statement(one, tables)).join(';\n'))
  }
}

const databases = 16

/** Some commands of every kind: the exporters tell of each that was ever seen. */
const commands: readonly (readonly string[])[] = [
  ['get', 'a'],
  ['set', 'a', '1'],
  ['setex', 'b', '900', '1'],
  ['setnx', 'a', '2'],
  ['mset', 'c', '1', 'd', '2'],
  ['mget', 'c', 'd'],
  ['incr', 'n'],
  ['incrby', 'n', '2'],
  ['decr', 'n'],
  ['append', 'a', '2'],
  ['strlen', 'a'],
  ['getrange', 'a', '0', '1'],
  ['exists', 'a'],
  ['expire', 'a', '900'],
  ['ttl', 'a'],
  ['persist', 'a'],
  ['type', 'a'],
  ['del', 'd'],
  ['unlink', 'c'],
  ['hset', 'h', 'f', '1'],
  ['hget', 'h', 'f'],
  ['hgetall', 'h'],
  ['hincrby', 'h', 'f', '1'],
  ['hlen', 'h'],
  ['lpush', 'l', '1', '2'],
  ['rpush', 'l', '3'],
  ['lpop', 'l'],
  ['lrange', 'l', '0', '-1'],
  ['llen', 'l'],
  ['sadd', 's', '1', '2'],
  ['srem', 's', '2'],
  ['smembers', 's'],
  ['sismember', 's', '1'],
  ['zadd', 'z', '1', 'm'],
  ['zrange', 'z', '0', '-1'],
  ['zscore', 'z', 'm'],
  ['zcard', 'z'],
  ['publish', 'news', '1'],
  ['ping'],
  ['dbsize'],
]

/** In one go on the server: a million keys by the network would take longer than all the measuring. */
const fill = `
  for i = 1, tonumber(ARGV[1]) do
    if i % 4 == 0 then redis.call('setex', 'session:' .. i, 86400, i) else redis.call('set', 'slot:' .. i, i) end
  end`

/** Spreads keys over sixteen databases, a quarter of them with a time to live, and uses 40 distinct commands. */
export const fillRedis = async (url: string, keys: number) => {
  const client = new Redis(url)
  try {
    for (const db of range(databases)) {
      await client.select(db)
      await client.eval(fill, 0, Math.round(keys / databases))
    }
    await client.select(0)
    for (const [command = '', ...args] of commands) await client.call(command, ...args)
  } finally {
    client.disconnect()
  }
}
