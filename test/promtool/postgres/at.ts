import { isReplica } from '../../../exporters/postgres/replication.ts'
import { type InputSeries, series } from '../series.ts'

export const mebibytes = (count: number) => count * 1024 ** 2
export const gibibytes = (count: number) => count * 1024 ** 3

/** The server is a standby. */
export const standby = series(isReplica, 'postgres', '1x3000')

/** The same of another server that is watched. */
export const elsewhere = (one: InputSeries): InputSeries => ({
  ...one,
  series: one.series.replace('instance="main"', 'instance="standby"'),
})

/** Nine scrapes that told nothing: longer than Prometheus looks back for a sample. */
export const interrupted = (value: number) => `${value}x30 _x9 ${value}x3000`
