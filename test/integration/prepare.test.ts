import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { root } from '../../compose/plan.ts'
import { demoLogins, urlFor } from '../../demo/setup.ts'
import { workshop } from './servers.ts'

const shop = workshop()
let server: Server
beforeAll(async () => {
  server = await shop.postgres()
})
afterAll(() => shop.end())

const prepare = async (secrets: Readonly<Record<string, string>>) => {
  const files = Object.entries(secrets).map(([name, value]) => {
    const path = join(shop.folder, name)
    writeFileSync(path, `${value}\n`)
    return [`${name}_FILE`, path]
  })
  const child = spawn(process.execPath, ['--import', 'tsx', 'demo/prepare.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, ...Object.fromEntries(files) },
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(String(text)))
  const [code] = await once(child, 'close')
  return { code, said: said.join('') }
}

const secretsOf = (adminUrl: string) => ({
  DEMO_ADMIN_URL: adminUrl,
  DEMO_API_PASSWORD: 'an-api-password',
  DEMO_EXPORTER_PASSWORD: 'an-exporter-password',
})

test('the database is prepared from secrets in files, any number of times', async () => {
  for (const _time of [1, 2]) {
    expect(await prepare(secretsOf(server.url))).toEqual({
      code: 0,
      said: "The demo's database, its tables, rows and logins are there.\n",
    })
  }
  const login = { login: demoLogins.exporter, password: 'an-exporter-password' }
  const client = new Client(urlFor(server.url, login))
  await client.connect()
  const { rows } = await client.query('select count(status)::int > 1000 as many from reservations')
  await client.end()
  expect(rows).toEqual([{ many: true }])
})

test('a server that was made with another password says so, and no password is shown', async () => {
  const wrong = new URL(server.url)
  wrong.password = 'hunter2'
  const { code, said } = await prepare(secretsOf(wrong.href))
  expect(code).toBe(1)
  expect(said).toContain('this server was made with another password than DEMO_ADMIN_URL has')
  expect(said).not.toMatch(/hunter2|an-api-password|an-exporter-password/)
})

test('without its secrets it names them', async () => {
  const { code, said } = await prepare({ DEMO_API_PASSWORD: 'an-api-password' })
  expect([code, said]).toEqual([
    1,
    'prepare: set DEMO_ADMIN_URL, DEMO_API_PASSWORD and DEMO_EXPORTER_PASSWORD, or the same with _FILE\n',
  ])
})
