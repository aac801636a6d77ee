import { type Gauge, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from './source.ts'

const setting = (name: string, help: string) => gauge({ name: `pg_settings_${name}`, peer: 'postgres_exporter', help })

export const maxConnections = setting(
  'max_connections',
  'Connections the server takes at most, the reserved ones included',
)
export const superuserConnections = setting('superuser_reserved_connections', 'Connections kept for superusers')
export const reservedConnections = setting(
  'reserved_connections',
  'Connections kept for roles with pg_use_reserved_connections (0 before PostgreSQL 16)',
)
export const maxPreparedTransactions = setting(
  'max_prepared_transactions',
  'Transactions that may be prepared for a commit in two phases at once',
)
export const maxLocksPerTransaction = setting(
  'max_locks_per_transaction',
  'Locks for which the lock table has room, for each connection and each prepared transaction there may be',
)
export const blockSize = setting('block_size', 'Bytes of a disk block')
export const maxStatements = setting(
  'pg_stat_statements_max',
  'Distinct statements that pg_stat_statements holds at most (only where it is loaded)',
)
export const maxWalSize = setting('max_wal_size_bytes', 'Write-ahead log from which on a checkpoint is begun early')
export const walKeepSize = setting('wal_keep_size_bytes', 'Write-ahead log that is kept for standbys without a slot')
export const slotKeepSize = setting(
  'max_slot_wal_keep_size_bytes',
  'Write-ahead log that slots may keep at most, -1 where nothing limits them',
)
const declared = [
  maxConnections,
  superuserConnections,
  reservedConnections,
  maxPreparedTransactions,
  maxLocksPerTransaction,
  blockSize,
  maxStatements,
  maxWalSize,
  walKeepSize,
  slotKeepSize,
]

/** A row of pg_settings. */
export interface Setting {
  readonly name: string
  readonly setting: string
  readonly unit: string | null
  readonly vartype: string
}

/**
 * Every setting that is a number or a switch, each a metric of its own. Texts are left out: some hold passwords.
 * Which there are depends on the server and its extensions, and so does what is exposed beyond `metrics`.
 */
export const settings: Collector<Postgres> = {
  name: 'settings',
  metrics: declared,
  async collect({ rows }) {
    const found = await rows<Setting>(sql)
    const samples = found.flatMap((row) => {
      const { name, value, unit } = settingValue(row)
      return Number.isNaN(value) ? [] : [metricOf(name, row.name, unit).sample(value)]
    })
    const told = found.some(({ name }) => name === 'reserved_connections')
    return told ? samples : [...samples, reservedConnections.sample(0)]
  },
}

const known = new Map<string, Gauge>(declared.map((metric) => [metric.name, metric]))

/** Names are few: those of the settings of the servers that are watched. */
const metricOf = (name: string, original: string, unit: string): Gauge => {
  const full = `pg_settings_${name}`
  const metric = known.get(full) ?? setting(name, `The server's setting ${original}${unit && ` in ${unit}`}`)
  known.set(full, metric)
  return metric
}

/** PostgreSQL's documentation of parameter names and values, 19.1.1. Of `fractions` so many make a second. */
const seconds: Readonly<Record<string, number>> = { us: 1e6, ms: 1000, s: 1, min: 60, h: 3600, d: 86_400 }
const fractions = new Set(['us', 'ms'])
const bytes: Readonly<Record<string, number>> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 }

/**
 * A setting in base units under its peer's name. NaN where the server tells what is no number.
 * @throws never: an unknown unit leaves name and value as they are
 */
export const settingValue = ({ name, setting, unit, vartype }: Setting) => {
  const plain = name.replaceAll(/[^a-zA-Z0-9_]/g, '_')
  if (vartype === 'bool') return { name: plain, value: setting === 'on' ? 1 : 0, unit: '' }
  const [, count = '1', scale = ''] = /^(\d*)([a-zA-Z]+)$/.exec(unit ?? '') ?? []
  const value = setting.trim() === '' ? Number.NaN : Number(setting)
  const base = scale in seconds ? 'seconds' : scale in bytes ? 'bytes' : undefined
  if (base === undefined) return { name: plain, value, unit: '' }
  const factor = seconds[scale] ?? bytes[scale] ?? 1
  // Divided: so many milliseconds times a thousandth would not be the nearest number to it.
  const scaled = fractions.has(scale) ? value / factor : value * Number(count || 1) * factor
  // -1 is no measure: it stands for none, or for the value of another setting.
  return { name: `${plain}_${base}`, value: value === -1 ? value : scaled, unit: base }
}

/** A scrape sets some for itself: told is what they are otherwise. On a standby no transaction may write. */
const sql = `
  select name, unit, vartype, case when name = 'transaction_read_only' and pg_is_in_recovery() then 'on'
                                   when source = 'session' then reset_val else setting end as setting
  from pg_settings where vartype in ('bool', 'integer', 'real')`
