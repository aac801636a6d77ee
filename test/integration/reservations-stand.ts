import { Client } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import type { ReservationTable } from '../../config/reservations.ts'
import { demoLogins, setupDemo, urlFor } from '../../demo/setup.ts'
import type { Source } from '../../exporters/collector.ts'
import { printed } from '../../exporters/exposition.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { reservationsCollectors } from '../../exporters/reservations/index.ts'
import { workshop } from './servers.ts'

const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' }
/** What collectors tell beside what they read. */
export const account = { spent: () => undefined, failed: () => undefined }

/** Those of the collectors that ask the database. */
export const everyCollector = reservationsCollectors().flatMap(({ name }) => (name === 'survey' ? [] : [name]))

/** What the collector of this name finds now, as Prometheus reads it: new collectors have counted nothing before. */
export const read = async (wanted: string, source: Source<Postgres>, table?: ReservationTable) => {
  const collectors = reservationsCollectors({ ...(table && { table }) })
  const collector = collectors.find(({ name }) => name === wanted)
  if (!collector) throw new Error(`no collector ${wanted}: there are ${collectors.map(({ name }) => name).join(', ')}`)
  const { signal } = new AbortController()
  await source.ready(signal, 5_000)
  const text = [...printed(await collector.collect(source.reader(account), signal), { open: false })].join('')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

/** The lines that do not say that there is nothing. */
export const counted = (lines: readonly string[]) => lines.filter((line) => !line.endsWith(' 0'))

/** The demo's database on a server of its own, for the tests of one file. */
export const reservationsStand = () => {
  const shop = workshop()
  const opened: Source<Postgres>[] = []
  let adminUrl = ''
  let admin: Client | undefined
  beforeAll(async () => {
    adminUrl = (await shop.postgres()).url
    await setupDemo({ adminUrl, passwords })
    admin = new Client(urlFor(adminUrl, {}))
    await admin.connect()
  })
  afterAll(async () => {
    await Promise.all(opened.map((source) => source.close()))
    await admin?.end()
    await shop.end()
  })
  return {
    get admin() {
      if (!admin) throw new Error('the server was not started')
      return admin
    },
    get adminUrl() {
      return adminUrl
    },
    get exporterUrl() {
      return urlFor(adminUrl, { login: demoLogins.exporter, password: passwords.exporter })
    },
    open: (url: string, options: Parameters<typeof postgres>[1] = {}) => {
      const source = postgres(url, options)
      opened.push(source)
      return source
    },
  }
}
