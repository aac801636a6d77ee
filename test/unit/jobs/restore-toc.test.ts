import { expect, it } from 'vitest'
import { libpqLogin } from '../../../jobs/backup/libpq.ts'
import { select } from '../../../jobs/restore-test/toc.ts'

const list = `;
; Archive created at 2026-11-26 20:25:33 UTC
;     Dumped from database version: 17.10
;
2; 3079 16385 EXTENSION - pg_stat_statements
3532; 0 0 COMMENT - EXTENSION pg_stat_statements
3; 3079 16430 EXTENSION - citext
3533; 0 0 COMMENT - EXTENSION citext
222; 1259 16433 TABLE public users postgres
3525; 0 16433 TABLE DATA public users postgres
225; 1259 16450 MATERIALIZED VIEW public busy postgres
3526; 0 16450 MATERIALIZED VIEW DATA public busy postgres
3527; 3466 16460 EVENT TRIGGER - watchful postgres
3528; 0 0 COMMENT - EVENT TRIGGER watchful postgres`
const server = '\n2199; 1417 16470 SERVER - elsewhere postgres'

const leftOut = (given: string) =>
  given
    .split('\n')
    .filter((line) => /^;\d/.test(line))
    .map((line) => Number(/^;(\d+)/.exec(line)?.[1]))

it('leaves out what the login may not create, by name, with its comments', () => {
  const some = select(list, { superuser: false, extensions: new Set(['citext']) })
  expect(leftOut(some.list)).toEqual([2, 3532, 3527, 3528])
  expect(some.leftOut).toEqual([
    'extension pg_stat_statements, which the server lacks, this login may not create, or config/restore-test.ts leaves out',
    'event trigger watchful, which only a superuser may create',
  ])
})

it('leaves all as it is for whoever may do everything', () => {
  const all = select(list, { superuser: true, extensions: new Set(['citext', 'pg_stat_statements']) })
  expect(all).toEqual({ list, leftOut: [] })
})

it('leaves out what an extension keeps, along with it', () => {
  const cron = `
4; 3079 16500 EXTENSION - pg_cron
3540; 0 16501 TABLE DATA cron job postgres
3541; 0 0 SEQUENCE SET cron jobid_seq postgres
226; 1259 16434 SEQUENCE public users_id_seq postgres
3542; 0 0 SEQUENCE SET public users_id_seq postgres`
  const names = ['citext', 'pg_stat_statements']
  const some = select(list + cron, { superuser: true, extensions: new Set(names) })
  expect(leftOut(some.list)).toEqual([4, 3540, 3541])
  const all = select(list + cron, { superuser: true, extensions: new Set([...names, 'pg_cron']) })
  expect(all.leftOut).toEqual([])
})

it('fills no view that might ask another server', () => {
  const rights = { superuser: true, extensions: new Set(['citext', 'pg_stat_statements']) }
  const some = select(list + server, rights)
  expect(leftOut(some.list)).toEqual([3526])
  expect(some.leftOut).toEqual([
    'the content of the materialized view public.busy, which might come from another server',
  ])
})

it('gives programs of PostgreSQL a login that nothing of our environment leads elsewhere', () => {
  const url =
    'postgres://r%C3%A9mi:p%40ss@[::1]:5433/techplus?sslmode=verify-full&sslrootcert=/etc/ca.pem&application_name=x'
  const { env, without } = libpqLogin(url, 'scratch')
  expect(env).toEqual({
    PGHOST: '::1',
    PGPORT: '5433',
    PGUSER: 'rémi',
    PGPASSWORD: 'p@ss',
    PGDATABASE: 'scratch',
    PGCONNECT_TIMEOUT: '10',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/etc/ca.pem',
  })
  expect(without).toEqual(expect.arrayContaining(['PGHOSTADDR', 'PGSERVICE', 'PGPASSFILE', 'PGOPTIONS']))
  expect(without).not.toContain('PGHOST')
  expect(libpqLogin('postgres:///x?host=/run/postgresql').env).toMatchObject({
    PGHOST: '/run/postgresql',
    PGDATABASE: 'x',
  })
})
