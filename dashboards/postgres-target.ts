import { postgresVitals } from '../exporters/postgres/index.ts'
import { variable } from './variable.ts'

/** The server that the PostgreSQL dashboard shows. */
export const postgresTarget = variable({
  name: 'postgres',
  label: 'PostgreSQL',
  of: postgresVitals.up,
  values: 'instance',
})

/** For `where()`. */
export const here = { instance: postgresTarget.selected }
