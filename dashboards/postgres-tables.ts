import { tableDeadRows, tableLiveRows } from '../exporters/postgres/tables.ts'
import { not } from '../metrics/metric.ts'
import { add, instant } from '../metrics/promql.ts'
import type { Quoted } from './query.ts'
import { uids } from './uids.ts'
import { postgresServer, relation } from './variables.ts'

/** The tables of the chosen server. What is too small to be shown by itself is summed without a schema: that sum is no table, and may fall. */
export const each = { instance: postgresServer.selected, schemaname: not('') }
/** Those of them that are chosen: a table leads to its charts, and lists the others beside. */
export const chosen = { ...each, relname: relation.selected }

/** What a click on a name of a table opens: its charts. */
export const openTable = { uid: uids.postgresTables, choose: { relname: relation } } as const

/** What tells them apart: of the databases that are read each may have a table of the same name. */
export const oneTable = ['datname', 'schemaname', 'relname'] as const
export const nameOf = ({ label }: Quoted<(typeof oneTable)[number]>): string =>
  `${label('datname')}.${label('schemaname')}.${label('relname')}`

/** Of each table, dead ones included. */
export const rows = add(instant(tableLiveRows.where(each)), instant(tableDeadRows.where(each)))
