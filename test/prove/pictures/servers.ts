import { type Connection, connect } from '../../../demo/database.ts'
import { demoLogins } from '../../../demo/setup.ts'
import { clientOf } from '../../integration/redis-stand.ts'
import type { Demo } from '../../integration/running-demo.ts'
import { eventually, portOf } from '../../integration/servers.ts'
import type { Shop } from '../alerts/jobs/stand.ts'

/** What autovacuum works on for minutes: it rests after every page. */
const slowTable = `
  create table kept_busy (id int primary key) with (
    autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100);
  insert into kept_busy select generate_series(1, 400000);
  delete from kept_busy where id % 2 = 0`

const asOwner = async (url: string, work: (owner: Connection) => Promise<unknown>) => {
  const owner = await connect(url)
  try {
    await work(owner)
  } finally {
    await owner.close()
  }
}

/** A standby that reads from a slot, and a table that autovacuum is at. */
export const withStandby = async (shop: Shop, { owners }: Demo) => {
  await asOwner(owners.postgres, async ({ run }) => {
    // Alone: it refuses to stand in a transaction.
    await run(`alter system set autovacuum_naptime = '1s'`)
    await run('select pg_reload_conf()')
    await run(slowTable)
  })
  await shop.standby({ url: owners.postgres })
}

/** The exporter may not read statistics for a while: some of what it reads fails. */
export const withoutRight = ({ owners }: Demo, meanwhile: () => Promise<unknown>) =>
  asOwner(owners.postgres, async ({ run }) => {
    await run(`revoke pg_monitor from ${demoLogins.exporter}`)
    try {
      await meanwhile()
    } finally {
      await run(`grant pg_monitor to ${demoLogins.exporter}`)
    }
  })

/** A replica of the demo's Redis. `takeOver` makes it the master, which the demo's follows from then on. */
export const withReplica = async (shop: Shop, { owners }: Demo) => {
  const password = decodeURIComponent(new URL(owners.redis).password)
  const replica = await shop.redis({
    password,
    settings: { replicaof: ['127.0.0.1', String(portOf(owners.redis))], masterauth: password },
  })
  const takeOver = async () => {
    const [demos, other] = [clientOf(owners.redis), clientOf(replica.url)]
    try {
      await other.call('REPLICAOF', 'NO', 'ONE')
      await demos.call('CONFIG', 'SET', 'masterauth', password)
      await demos.call('REPLICAOF', '127.0.0.1', String(portOf(replica.url)))
      // The API goes on: it knows of no other.
      await demos.call('CONFIG', 'SET', 'replica-read-only', 'no')
      await eventually(
        async () => String(await demos.call('INFO', 'replication')),
        (info) => info.includes('master_link_status:up'),
      )
    } finally {
      demos.disconnect()
      other.disconnect()
    }
  }
  return { takeOver }
}
