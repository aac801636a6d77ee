import { tableDeadRows, tableLiveRows } from '../exporters/postgres/tables.ts'
import { not } from '../metrics/metric.ts'
import { add, instant } from '../metrics/promql.ts'
import type { Quoted } from './query.ts'
import { postgresServer } from './variables.ts'

/** The tables of the chosen server. What is too small to be shown by itself is summed without a schema: that sum is no table, and may fall. */
export const each = { instance: postgresServer.selected, schemaname: not('') }

/** What tells them apart for people, who look at one database. */
export const oneName = ['schemaname', 'relname'] as const
export const nameOf = ({ label }: Quoted<(typeof oneName)[number]>): string =>
  `${label('schemaname')}.${label('relname')}`

/** Of each table, dead ones included. */
export const rows = add(instant(tableLiveRows.where(each)), instant(tableDeadRows.where(each)))
