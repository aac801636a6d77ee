import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Reading, readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const peer = 'postgres_exporter'
const stat = (name: string, help: string) =>
  gauge({ name: `pg_stat_progress_vacuum_${name}`, peer, help, labels: ['datname', 'relname'] })

const counted = {
  heap_blks_total: stat('heap_blks', 'Blocks of the table that is vacuumed'),
  heap_blks_scanned: stat('heap_blks_scanned', 'Blocks that were scanned'),
  heap_blks_vacuumed: stat('heap_blks_vacuumed', 'Blocks that were vacuumed'),
  index_vacuum_count: stat('index_vacuums', 'Times all its indexes were vacuumed'),
  max_dead_tuples: stat('max_dead_tuples', 'Dead rows it can remember before it has to (before PostgreSQL 17)'),
  num_dead_tuples: stat('num_dead_tuples', 'Dead rows it has found since then'),
}
export const vacuumPhase = gauge({
  name: 'pg_stat_progress_vacuum_phase',
  peer,
  help: 'Whether the vacuum of this table is in this phase (1) or not (0)',
  labels: ['datname', 'relname', 'phase'],
})

/** In their order: PostgreSQL's documentation of progress reporting. */
const phases = [
  'initializing',
  'scanning heap',
  'vacuuming indexes',
  'vacuuming heap',
  'cleaning up indexes',
  'truncating heap',
  'performing final cleanup',
]

type Row = { readonly datname: string; readonly relname: string; readonly phase: string } & Readonly<
  Record<keyof typeof counted, number | null>
>

/** Vacuums at work, by hand or not. Tables of databases that are not read go by their number. */
export const vacuumProgress: Collector<Postgres> = {
  name: 'vacuum_progress',
  metrics: [...Object.values(counted), vacuumPhase],
  async collect(postgres) {
    const read = new Set<string>()
    const own = postgres.each(async ({ name, rows }) => {
      read.add(name)
      return told(await rows<Row>(sql(postgres.version, 'datname = current_database()')))
    })
    const [here, all] = await Promise.all([
      own,
      postgres.rows<Row>(sql(postgres.version, 'datname <> current_database()')),
    ])
    return [...here, ...told(all.filter(({ datname }) => !read.has(datname)))]
  },
}

const told = (rows: readonly Row[]): readonly Reading[] => [
  ...readings(rows, counted),
  ...rows.flatMap(({ datname, relname, phase: present }) =>
    phases.map((phase) => vacuumPhase.sample(phase === present ? 1 : 0, { datname, relname, phase })),
  ),
]

/** 17 renamed one and measures the other in bytes, which is another thing. */
const sql = (version: number, where: string) => `
  select datname, case when datname = current_database() then relid::regclass::text else relid::text end as relname,
         phase, heap_blks_total, heap_blks_scanned, heap_blks_vacuumed, index_vacuum_count,
         ${version >= 170_000 ? 'null::int8 as max_dead_tuples, num_dead_item_ids' : 'max_dead_tuples, num_dead_tuples'}
           as num_dead_tuples
  from pg_stat_progress_vacuum where ${where}`
