import { availabilityAlerts } from '../../../../alerts/postgres/availability.ts'
import { connectionAlerts } from '../../../../alerts/postgres/connections.ts'
import { databaseAlerts } from '../../../../alerts/postgres/databases.ts'
import { lockAlerts } from '../../../../alerts/postgres/locks.ts'
import { spillAlerts } from '../../../../alerts/postgres/spill.ts'
import { statementAlerts } from '../../../../alerts/postgres/statements.ts'
import { transactionAlerts } from '../../../../alerts/postgres/transactions.ts'
import { faultyPostgres, password } from '../../faults/servers.ts'
import { urlOf } from '../../faults/stand.ts'
import { exporting } from '../exporter.ts'
import type { Scene } from '../provocation.ts'
import { ask } from './application.ts'
import { availabilityFaults } from './availability.ts'
import { connectionFaults, connectionSettings, connectionsSql } from './connections.ts'
import { lockAdjustments, lockFaults, lockSettings, locksSql } from './locks.ts'
import { spillAdjustments, spillFaults } from './spill.ts'
import { standbyFaults, standbySettings, standbySql } from './standby.ts'
import {
  cacheFaults,
  cacheSettings,
  forgottenFaults,
  statementFaults,
  statementSettings,
  visitsSql,
} from './statements.ts'
import { transactionAdjustments, transactionFaults, transactionSettings, transactionsSql } from './transactions.ts'

/** What our exporter needs, as the guide has it. */
const watchedSql = [
  'create extension pg_stat_statements',
  `create role watcher login password '${password}'`,
  'grant pg_monitor to watcher',
] as const

const asWatcher = (server: { readonly url: string }) => ({ kind: 'postgres', url: urlOf(server, 'watcher') }) as const

const inTurn = async (url: string, statements: readonly string[], database?: string) => {
  for (const statement of statements) await ask(url, statement, database)
}

export const postgresSessionsScene: Scene = {
  name: 'postgres-sessions',
  alerts: [
    ...availabilityAlerts,
    ...connectionAlerts,
    ...transactionAlerts,
    ...lockAlerts,
    ...databaseAlerts,
    ...statementAlerts,
    ...spillAlerts,
  ],
  adjusted: [...transactionAdjustments, ...lockAdjustments, ...spillAdjustments],
  unprovoked: {},
  open: async (shop) => {
    const [main, small] = await Promise.all([
      shop.postgres({ settings: { ...cacheSettings, ...transactionSettings } }),
      faultyPostgres(shop.folder, 'small', { ...connectionSettings, ...lockSettings, ...statementSettings }),
    ])
    await Promise.all([
      inTurn(small.url, [...watchedSql, ...connectionsSql, ...locksSql]),
      inTurn(main.url, [...watchedSql, ...standbySql, 'create database bookings', 'create database reports']),
    ])
    await inTurn(main.url, transactionsSql, 'bookings')
    await inTurn(main.url, visitsSql, 'reports')
    const standby = await shop.standby(main, { settings: standbySettings })
    const { running, scraped } = await exporting(shop.folder, {
      main: asWatcher(main),
      standby: asWatcher(standby),
      small: asWatcher(small),
    })
    shop.keep(running)
    return {
      scraped: () => scraped,
      lanes: () => [
        [
          ...connectionFaults('small', small.url),
          ...lockFaults('small', small.url),
          ...forgottenFaults('small', small.url),
          ...availabilityFaults('small', small),
        ],
        transactionFaults('main', main.url, 'bookings'),
        [...statementFaults('main', main.url, 'reports'), ...spillFaults('main', main.url, 'reports')],
        cacheFaults('main', main.url, 'reports'),
        standbyFaults('standby', standby, main.url),
      ],
      end: () => small.end(),
    }
  },
}
