import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Database, Postgres } from './source.ts'
import type { Survey } from './survey.ts'

const stat = (name: string, help: string) =>
  gauge({ name: `pg_buffercache_summary_${name}`, peer: 'postgres_exporter', help })

const metrics = {
  buffers_used: stat('buffers_used', 'Shared buffers in use'),
  buffers_unused: stat('buffers_unused', 'Shared buffers not in use'),
  buffers_dirty: stat('buffers_dirty', 'Shared buffers that are yet to be written'),
  buffers_pinned: stat('buffers_pinned', 'Shared buffers that somebody holds'),
  usagecount_avg: stat('usagecount_avg', 'How often buffers in use were used lately, on average, up to 5'),
}

/** What the shared buffers hold, where the extension pg_buffercache is in the database of the URL (PostgreSQL 16 on). */
export const bufferCache = (survey: Survey): Collector<Postgres> => {
  // The server looks at each of its buffers for it, and there are millions in a large one.
  const summary = survey.asks('buffer cache', found)
  return {
    name: 'buffer_cache',
    metrics: Object.values(metrics),
    collect: async (postgres) => readings((await summary(postgres, postgres)) ?? [], metrics),
  }
}

/** The extension's release of 16 has the function; one that an upgrade left behind does not. */
const extensionSql = `
  select quote_ident(nspname) as schema, has_schema_privilege(n.oid, 'usage') as usable, current_user as login
  from pg_extension e join pg_namespace n on n.oid = extnamespace
    join pg_proc p on pronamespace = n.oid and proname = 'pg_buffercache_summary'
  where extname = 'pg_buffercache'`

interface Extension {
  readonly schema: string
  readonly usable: boolean
  readonly login: string
}

const found = async ({ name, rows }: Database) => {
  const [extension] = await rows<Extension>(extensionSql)
  if (!extension) return []
  const { schema, usable, login } = extension
  if (!usable) {
    throw new Error(`${login} may not use pg_buffercache: run GRANT USAGE ON SCHEMA ${schema} TO "${login}" in ${name}`)
  }
  return rows<Readonly<Record<keyof typeof metrics, number | null>>>(
    `select ${Object.keys(metrics).join(', ')} from ${schema}.pg_buffercache_summary()`,
  )
}
