import { capacityAlerts } from '../../../../alerts/postgres/capacity.ts'
import { indexAlerts } from '../../../../alerts/postgres/indexes.ts'
import { replicationAlerts } from '../../../../alerts/postgres/replication.ts'
import { tableAlerts } from '../../../../alerts/postgres/tables.ts'
import { walAlerts } from '../../../../alerts/postgres/wal.ts'
import { wraparoundAlerts } from '../../../../alerts/postgres/wraparound.ts'
import { exporting } from '../exporter.ts'
import type { Scene } from '../provocation.ts'
import { capacityAdjustments, capacityLanes, prepareSequence } from './capacity.ts'
import { type Database, databaseOf } from './database.ts'
import { indexLanes, prepareIndexes } from './indexes.ts'
import { replicationAdjustments, replicationLanes, slotless, slotOf } from './replication.ts'
import { tableAdjustments, tableLanes } from './tables.ts'
import { archiveIn, walAdjustments, walFaults } from './wal.ts'
import { prepareWraparound, wraparoundAdjustments, wraparoundFaults } from './wraparound.ts'

export const postgresStorageScene: Scene = {
  name: 'postgres-storage',
  alerts: [...tableAlerts, ...indexAlerts, ...wraparoundAlerts, ...replicationAlerts, ...walAlerts, ...capacityAlerts],
  adjusted: [
    ...tableAdjustments,
    ...wraparoundAdjustments,
    ...replicationAdjustments,
    ...walAdjustments,
    ...capacityAdjustments,
  ],
  unprovoked: {},
  open: async (shop) => {
    const archive = archiveIn(shop.folder)
    const [tables, primary, log] = await Promise.all([
      shop.postgres({ settings: { autovacuum_naptime: '2s', max_prepared_transactions: '5' } }),
      shop.postgres(),
      shop.postgres({ settings: archive.settings }),
    ])
    const opened: Database[] = []
    const connect = (url: string, name?: string) => {
      const database = databaseOf(url, name)
      opened.push(database)
      return database
    }
    const [main, source, written] = [connect(tables.url), connect(primary.url), connect(log.url)]
    const [standby, other] = await Promise.all([
      shop.standby(primary),
      main.run('create database growing').then(() => connect(tables.url, 'growing')),
      prepareIndexes(main),
      prepareSequence(main),
      prepareWraparound(written),
    ])
    const bare = await slotless(shop, primary, source, connect)
    const replica = connect(standby.url)
    const slot = await slotOf(replica)
    const { running, scraped } = await exporting(shop.folder, {
      main: { kind: 'postgres', url: tables.url, surveySeconds: 1 },
      primary: { kind: 'postgres', url: primary.url },
      standby: { kind: 'postgres', url: standby.url },
      log: { kind: 'postgres', url: log.url },
    })
    shop.keep(running)
    return {
      scraped: () => scraped,
      lanes: (watch) => [
        ...tableLanes('main', main),
        ...indexLanes('main', main),
        ...capacityLanes('main', { database: main, other, watch }),
        ...replicationLanes({ shop, watch, primary: source, standby: replica, slot, slotless: bare }),
        [...walFaults('log', written, archive.home), ...wraparoundFaults('log', written)],
      ],
      end: () => Promise.all(opened.map((one) => one.end())),
    }
  },
}
