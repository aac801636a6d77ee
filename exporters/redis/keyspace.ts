import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { theirs } from './fields.ts'
import type { Redis } from './source.ts'

const labels = ['db'] as const

export const keys = gauge({ ...theirs('db_keys', 'Keys in the database'), labels })
export const keysExpiring = gauge({ ...theirs('db_keys_expiring', 'Keys that have a time to live'), labels })
export const keysAverageTtl = gauge({
  ...theirs('db_avg_ttl_seconds', 'Average time to live of the keys that have one, in seconds'),
  labels,
})

const line = /^keys=(?<all>\d+),expires=(?<expiring>\d+)(?:,avg_ttl=(?<milliseconds>\d+))?/

/** How many keys there are. INFO tells only of databases that hold any: database 0 is told of even when it is empty. */
export const keyspace: Collector<Redis> = {
  name: 'keyspace',
  metrics: [keys, keysExpiring, keysAverageTtl],
  async collect({ info }) {
    const filled = [...(await info())].filter(([field]) => /^db\d+$/.test(field))
    const told = filled.some(([db]) => db === 'db0') ? filled : [['db0', 'keys=0,expires=0'] as const, ...filled]
    return told.flatMap(([db, text]) => {
      const { all = '0', expiring = '0', milliseconds } = line.exec(text)?.groups ?? {}
      return [
        keys.sample(Number(all), { db }),
        keysExpiring.sample(Number(expiring), { db }),
        ...(milliseconds === undefined ? [] : [keysAverageTtl.sample(Number(milliseconds) / 1000, { db })]),
      ]
    })
  },
}
