import type { Reading } from '../../exporters/reading.ts'
import { readings } from '../../exporters/reading.ts'
import { gauge } from '../../metrics/metric.ts'

const labels = ['datname', 'schemaname', 'relname'] as const
const size = gauge({ name: 'big_table_size_bytes', help: 'x', labels })
const scans = gauge({ name: 'big_table_scans', counts: 'scans', help: 'x', labels })
const rows = gauge({ name: 'big_table_rows', counts: 'rows', help: 'x', labels })
const age = gauge({ name: 'big_table_vacuum_age_seconds', help: 'x', labels })

const named = (place: number) => ({ datname: 'shop', schemaname: 'public', relname: `orders_of_customer_${place}` })

/** A large catalogue as PostgreSQL tells of it, every cell a text: four series a row. */
export const asTable = (series: number): readonly Reading[] => {
  const found = Array.from({ length: series / 4 }, (_, place) => ({
    ...named(place),
    size: String(8192 * place),
    scans: String(place),
    rows: `${place}.5`,
    age: '1e-05',
  }))
  return readings(found, { size, scans, rows, age })
}

/** The same, each series by itself, the metrics in turns. */
export const asSamples = (series: number): readonly Reading[] =>
  Array.from({ length: series }, (_, at) => {
    const metric = [size, scans, rows, age][at % 4] ?? size
    return metric.sample(at * 1.5, named(Math.floor(at / 4)))
  })
