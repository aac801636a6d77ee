import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import type { Server } from '../../compose/local/process.ts'
import type { Source } from '../../exporters/collector.ts'
import {
  bloat,
  indexBloat,
  indexesBloatUnknown,
  tableBloat,
  tableBloatRatio,
  tablesBloatUnknown,
} from '../../exporters/postgres/bloat.ts'
import { columnWidthsView } from '../../exporters/postgres/column-widths.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { surveyOf } from '../../exporters/postgres/survey.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import { having, samplesOf } from '../readings.ts'
import { workshop } from './servers.ts'

const password = 'a-monitor-password'

type Labels = Readonly<Record<string, string>>
const value = (samples: readonly Sample[], metric: Definition, labels: Labels) =>
  having(samples, metric, labels)[0]?.value

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  const shop = workshop()
  let server: Server
  let admin: Client
  let source: Source<Postgres>
  const advice: string[] = []

  const reader = async (): Promise<Postgres> => {
    await source.ready(new AbortController().signal, 20_000)
    return source.reader({
      spent: () => undefined,
      failed: (_part, cause) => {
        throw cause
      },
      lacks: (part, remedy) => advice.push(`${part}: ${remedy.message}`),
    })
  }
  /** Asked anew each time. */
  const collect = async () => {
    const collector = bloat({ survey: surveyOf({ every: 3_600_000 }), limits: { tables: 100, indexes: 100 } })
    return samplesOf(await collector.collect(await reader(), AbortSignal.timeout(20_000)))
  }

  const shapes: readonly (readonly [name: string, columns: string, row: string])[] = [
    ['narrow', '(id int primary key, a smallint, b bigint, c bool)', 'i, i % 100, i, true'],
    ['texts', '(id bigint primary key, short text, long text)', `i, repeat('s', i % 40), repeat('l', 100 + i % 200)`],
    [
      'nulls',
      '(id int, a text, b bigint, c timestamptz)',
      `i, case when i % 3 = 0 then 'a' end, case when i % 2 = 0 then i end, now()`,
    ],
    ['airy', '(id int primary key, word text) with (fillfactor = 60)', `i, repeat('w', 20 + i % 30)`],
    [
      'toasted',
      '(id int, words text)',
      `i, (select string_agg(md5((i * j)::text), '') from generate_series(1, 100) j)`,
    ],
  ]
  const size = async (name: string) =>
    (await admin.query(`select pg_relation_size('${name}')::float8 as size`)).rows[0].size

  beforeAll(async () => {
    server = await shop.postgres({ major, settings: { autovacuum: 'off' } })
    admin = new Client(server.url)
    await admin.connect()
    await admin.query(`create role monitor login password '${password}'; grant pg_monitor to monitor`)
    const url = new URL(server.url)
    url.username = 'monitor'
    url.password = password
    source = postgres(url.href)
    await admin.query('create extension pgstattuple; create schema worn; create schema fresh')
    for (const schema of ['fresh', 'worn']) {
      for (const [name, columns, row] of shapes) {
        await admin.query(`create table ${schema}.${name} ${columns}`)
        await admin.query(
          `insert into ${schema}.${name} select ${row} from generate_series(1, ${name === 'toasted' ? 2000 : 20000}) i`,
        )
      }
      await admin.query(
        `create index narrow_a on ${schema}.narrow (a); create index texts_long on ${schema}.texts (id, long)`,
      )
    }
    await admin.query(`create index nulls_a on worn.nulls (a); create index airy_upper on worn.airy (upper(word))`)
    for (const [name] of shapes) await admin.query(`delete from worn.${name} where id % 5 in (1, 3)`)
    // By itself each: several statements of one message are one transaction, in which nothing can be vacuumed.
    await admin.query('vacuum analyze')
  })
  afterAll(async () => {
    await source?.close()
    await admin?.end()
    await shop.end()
  })

  test('without the right to know widths it is unknown, and the advice gives that right', async () => {
    const samples = await collect()
    expect(having(samples, tableBloat)).toEqual([])
    expect(value(samples, tablesBloatUnknown, { datname: 'postgres' })).toBe(2 * shapes.length)
    const said = advice.find((words) => words.startsWith('tables in postgres: monitor may not')) ?? ''
    await admin.query(said.slice(said.indexOf('CREATE')))
    const mended = await collect()
    expect(value(mended, tablesBloatUnknown, { datname: 'postgres' })).toBe(0)
    // Only B-trees are here.
    expect(value(mended, indexesBloatUnknown, { datname: 'postgres' })).toBe(0)
    await expect((await reader()).rows('select from pg_statistic')).rejects.toThrow('denied')
  })

  test('the estimate is what a rewrite frees, within 4 % of a table and 10 % of an index', async () => {
    await admin.query(columnWidthsView('monitor'))
    const samples = await collect()
    const relations: readonly { readonly name: string; readonly index: boolean }[] = (
      await admin.query(`
        select nspname || '.' || relname as name, relkind = 'i' as index from pg_class c join pg_namespace n on n.oid = relnamespace
        where nspname in ('fresh', 'worn') and relkind in ('r', 'i')`)
    ).rows
    const before = new Map<string, number>()
    const empty = new Map<string, number>()
    for (const { name, index } of relations) {
      before.set(name, await size(name))
      if (index) continue
      const { rows } = await admin.query(`select free_percent::float8 / 100 as share from pgstattuple('${name}')`)
      empty.set(name, rows[0].share)
    }
    for (const schema of ['fresh', 'worn'])
      for (const [name] of shapes) await admin.query(`vacuum full ${schema}.${name}`)
    const wrong: unknown[] = []
    for (const { name, index } of relations) {
      const [schemaname = '', relname = ''] = name.split('.')
      const labels = index ? { schemaname, indexrelname: relname } : { schemaname, relname }
      const estimate = value(samples, index ? indexBloat : tableBloat, labels) ?? 0
      const whole = before.get(name) ?? 0
      const freed = whole - (await size(name))
      // A page is the least that either can be off by.
      if (Math.abs(estimate - freed) > Math.max(8192, whole * (index ? 0.1 : 0.04)))
        wrong.push({ name, estimate, freed, whole })
      if (!index && schemaname === 'worn') {
        expect(value(samples, tableBloatRatio, labels), name).toBeGreaterThan(0.3)
        // What pgstattuple finds free counts the room that the fillfactor keeps.
        const room = relname === 'airy' ? 0.4 : 0
        expect(Math.abs((empty.get(name) ?? 0) * (1 - room) - (estimate / whole) * (1 - room)), name).toBeLessThan(0.25)
      }
    }
    expect(relations.length).toBeGreaterThan(18)
    expect(wrong).toEqual([])
  })
})
