import { join } from 'node:path'
import { alertsOf } from '../../../../alerts/index.ts'
import { reservationGroups } from '../../../../alerts/reservations/index.ts'
import { startProcess } from '../../../../compose/local/process.ts'
import { connect } from '../../../../demo/database.ts'
import { demoDatabase, demoLogins, setupDemo, urlFor } from '../../../../demo/setup.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import type { Watched } from '../../faults/exporter.ts'
import { startExporter } from '../../faults/stand.ts'
import type { Scene } from '../provocation.ts'
import { bookingFaults } from './bookings.ts'
import { guestsOf } from './guests.ts'
import { accessFaults, cleanUp, cleanupFaults, closingFaults } from './housekeeping.ts'
import { paymentFaults } from './payments.ts'
import type { ApiSettings } from './reservation-api.ts'
import { serviceFaults } from './service.ts'

type Shop = ReturnType<typeof workshop>

/** Databases like the demo's, one for each row of faults: no fault meets the rows of another. */
const houses = ['payments', 'bookings', 'closing'] as const
type House = (typeof houses)[number]

const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' }

const inDatabase = (url: string, database: string) => {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}

/** The demo's database, cleaned up, and a copy of it for every house. */
const furnish = async (adminUrl: string) => {
  await setupDemo({ adminUrl, passwords })
  const demo = await connect(urlFor(adminUrl, {}))
  await demo.run(cleanUp)
  await demo.close()
  const admin = await connect(adminUrl)
  for (const house of houses) {
    await admin.run(`create database ${house} template ${demoDatabase}`)
    await admin.run(`
      revoke all on database ${house} from public;
      grant connect on database ${house} to ${demoLogins.exporter}`)
  }
  await admin.close()
}

const startApi = async (shop: Shop, settings: ApiSettings) => {
  const running = await startProcess({
    name: 'the reservation API',
    home: join(shop.folder, 'reservation-api'),
    command: process.execPath,
    args: [await bundleOurs(new URL('reservation-api.ts', import.meta.url)), JSON.stringify(settings)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
    ready: async () => (await fetch(`http://127.0.0.1:${settings.port}/health`)).ok,
  })
  return shop.keep(running)
}

const startReading = async (shop: Shop, adminUrl: string) => {
  const exporterUrl = urlFor(adminUrl, { login: demoLogins.exporter, password: passwords.exporter })
  const reading = (house: House): Watched => ({
    kind: 'reservations',
    url: inDatabase(exporterUrl, house),
    // Once a minute in production.
    surveySeconds: 1,
  })
  const named = Object.fromEntries(houses.map((house) => [`reservations/${house}`, reading(house)]))
  // That the server itself is well is asked by another connection.
  const server: Watched = { kind: 'postgres', url: exporterUrl }
  const running = shop.keep(
    await startExporter(join(shop.folder, 'exporter'), { ...named, 'postgres/payments': server }),
  )
  const origin = `http://127.0.0.1:${running.port}/metrics`
  return [
    ...houses.map((instance) => ({
      job: 'reservations',
      instance,
      url: `${origin}/reservations/${instance}`,
    })),
    { job: 'postgres', instance: 'payments', url: `${origin}/postgres/payments?collect[]=postmaster` },
  ]
}

export const reservationsScene: Scene = {
  name: 'reservations',
  alerts: alertsOf(reservationGroups),
  adjusted: [],
  unprovoked: {},
  open: async (shop) => {
    const [postgres, redis] = await Promise.all([shop.postgres(), shop.redis()])
    const adminUrl = postgres.url
    await furnish(adminUrl)
    const [port, metricsPort, nobody] = [await freePort(), await freePort(), await freePort()]
    await startApi(shop, {
      databaseUrl: urlFor(adminUrl, { login: demoLogins.api, password: passwords.api }),
      redisUrl: redis.url,
      paymentsUrl: `http://127.0.0.1:${nobody}`,
      port,
      metricsPort,
    })
    const reading = await startReading(shop, adminUrl)
    const admins = {
      demo: await connect(urlFor(adminUrl, {})),
      payments: await connect(inDatabase(adminUrl, 'payments')),
      bookings: await connect(inDatabase(adminUrl, 'bookings')),
      closing: await connect(inDatabase(adminUrl, 'closing')),
    }
    const guests = guestsOf(`http://127.0.0.1:${port}`)
    return {
      scraped: () => [...reading, { job: 'api', instance: 'api', url: `http://127.0.0.1:${metricsPort}/metrics` }],
      lanes: (watch) => [
        serviceFaults(watch, guests, admins.demo),
        [...paymentFaults('payments', admins.payments), ...accessFaults('payments', admins.payments)],
        bookingFaults('bookings', admins.bookings),
        closingFaults('closing', admins.closing),
        cleanupFaults('closing', admins.closing),
      ],
      end: async () => {
        guests.end()
        await Promise.all(Object.values(admins).map((one) => one.close()))
      },
    }
  },
}
