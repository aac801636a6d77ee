import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { type Bloat, readBloat } from './bloat-survey.ts'
import { columnWidthsView } from './column-widths.ts'
import { ranked, sumOf } from './ranked.ts'
import type { Postgres } from './source.ts'
import type { Survey } from './survey.ts'

const table = ['datname', 'schemaname', 'relname'] as const
const index = [...table, 'indexrelname'] as const

export const tableBloat = gauge({
  name: 'pg_table_bloat_bytes',
  help: 'Estimated disk space that rewriting the table would free, its fillfactor kept, as of its last vacuum or analyze; no series if there is none',
  labels: table,
})
export const tableBloatRatio = gauge({
  name: 'pg_table_bloat_ratio',
  help: 'The same as a share of the rows of the table on disk, 0 to 1',
  labels: table,
})
export const indexBloat = gauge({
  name: 'pg_index_bloat_bytes',
  help: 'Estimated disk space that rebuilding the B-tree would free, its fillfactor kept, as of the last vacuum or analyze; no series if there is none',
  labels: index,
})
export const indexBloatRatio = gauge({
  name: 'pg_index_bloat_ratio',
  help: 'The same as a share of the index, 0 to 1',
  labels: index,
})
export const tablesBloatUnknown = gauge({
  name: 'pg_tables_bloat_unknown',
  counts: 'tables',
  help: 'Tables whose bloat is not estimated: never analyzed, or the login may not know the widths of their columns; the log then says what mends it',
  labels: ['datname'],
})
export const indexesBloatUnknown = gauge({
  name: 'pg_indexes_bloat_unknown',
  counts: 'indexes',
  help: 'Indexes whose bloat is not estimated: of such tables, or no B-trees',
  labels: ['datname'],
})

const ofTable = { bloat: tableBloat, ratio: tableBloatRatio }
const ofIndex = { bloat: indexBloat, ratio: indexBloatRatio }

interface Options {
  readonly survey: Survey
  /** How many are shown one by one, those with the most bloat first. */
  readonly limits: { readonly tables: number; readonly indexes: number }
}

/** Space of each database that holds nothing, from what its planner knows: no page of a table is read for it. */
export const bloat = ({ survey, limits }: Options): Collector<Postgres> => {
  const ask = survey.asks('bloat', readBloat)
  return {
    name: 'bloat',
    metrics: [...Object.values(ofTable), ...Object.values(ofIndex), tablesBloatUnknown, indexesBloatUnknown],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const found = await ask(postgres, database)
        if (!found) return []
        const datname = database.name
        if (!found.complete && found.unknown.tables > 0)
          postgres.lacks(`tables in ${datname}`, remedy(found.login, datname))
        const rows = (all: readonly Bloat[], limit: number) =>
          ranked(all, { limit, by: (one) => one.bloat, rest: restOf }).map((one) => ({ datname, ...one }))
        return [
          ...readings(rows(found.tables, limits.tables), ofTable),
          ...readings(rows(found.indexes, limits.indexes), ofIndex),
          tablesBloatUnknown.sample(found.unknown.tables, { datname }),
          indexesBloatUnknown.sample(found.unknown.indexes, { datname }),
        ]
      }),
  }
}

const restOf = (others: readonly Bloat[]): Bloat => {
  const rest = { schemaname: '', bloat: sumOf(others, (one) => one.bloat), ratio: null }
  return others[0]?.indexrelname === undefined
    ? { ...rest, relname: remainder }
    : { ...rest, relname: '', indexrelname: remainder }
}

const remedy = (login: string, database: string) => {
  const statements = columnWidthsView(login).replaceAll(/\s+/g, ' ').trim()
  return new Error(`${login} may not know the widths of all columns: run as a superuser in ${database}: ${statements}`)
}
