import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import { boundedRows } from './bounded.ts'
import { settings } from './config.ts'
import { type Info, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

const labels = ['db'] as const

export const keys = gauge({ ...theirs('db_keys', 'Keys in the database'), labels })
export const keysExpiring = gauge({ ...theirs('db_keys_expiring', 'Keys that have a time to live'), labels })
export const keysAverageTtl = gauge({
  ...theirs('db_avg_ttl_seconds', 'Average time to live of the keys that have one, in seconds'),
  labels,
})
export const keysExpiringFields = gauge({
  name: 'redis_db_keys_expiring_fields',
  counts: 'keys',
  help: 'Hashes with a field that has a time to live',
  labels,
})
const counted = { all: keys, expiring: keysExpiring }

/** Databases shown by themselves; a server has 16 unless told otherwise. */
const databaseLimit = 100

/** How many keys there are, also of databases that hold none, of which INFO does not tell. */
export const keyspace: Collector<Redis> = {
  name: 'keyspace',
  metrics: [...Object.values(counted), keysAverageTtl, keysExpiringFields],
  async collect(reader) {
    const [info, databases] = await Promise.all([reader.info(), databasesOf(reader)])
    const filled = filledOf(info)
    const expected = Array.from({ length: Math.min(databases, databaseLimit) }, (_, index) => `db${index}`)
    const names = [...new Set([...expected, ...filled.map(([db]) => db)])]
    const known = new Map(filled)
    const rows = new Map(names.map((db) => [db, [value(known, db, 'keys') ?? 0, value(known, db, 'expires') ?? 0]]))
    const keysIn = (db: string) => rows.get(db)?.[0] ?? 0
    const shown = new Set(names.toSorted((a, b) => keysIn(b) - keysIn(a)).slice(0, databaseLimit))
    return [
      ...readings({ columns: ['db', ...Object.keys(counted)], rows: boundedRows(rows, shown) }, counted),
      ...filled.flatMap(([db]): readonly Sample[] => {
        if (!shown.has(db)) return []
        const milliseconds = value(known, db, 'avg_ttl')
        const fields = value(known, db, 'subexpiry')
        return [
          ...(milliseconds === undefined ? [] : [keysAverageTtl.sample(milliseconds / 1000, { db })]),
          ...(fields === undefined ? [] : [keysExpiringFields.sample(fields, { db })]),
        ]
      }),
    ]
  },
}

type Keys = ReadonlyMap<string, string>

const value = (known: ReadonlyMap<string, Keys>, db: string, name: string) => numberOf(known.get(db)?.get(name))

const filledOf = (info: Info): readonly (readonly [db: string, keys: Keys])[] =>
  [...info].flatMap(([field, text]) => {
    if (!/^db\d+$/.test(field)) return []
    const pairs = pairsOf(text)
    return numberOf(pairs.get('keys')) === undefined ? [] : [[field, pairs] as const]
  })

/** Where nobody may ask, INFO has to do: database 0 is there in any case. A cluster has no other. */
const databasesOf = async (reader: Redis) => {
  if ((await reader.info()).get('cluster_enabled') === '1') return 1
  const found = await settings(reader, ['databases']).catch(() => undefined)
  return numberOf(found?.get('databases')) ?? 1
}
