import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { identifier } from './quoting.ts'
import { ranked, shownFaults } from './ranked.ts'
import { ofUsers } from './relations.ts'
import { type Range, usage } from './sequence-usage.ts'
import type { Database, Postgres } from './source.ts'
import type { Survey } from './survey.ts'

const labels = ['datname', 'schemaname', 'sequencename', 'column'] as const

export const sequenceUsed = gauge({
  name: 'pg_sequence_used_ratio',
  help: 'How much of its range a sequence has given out (0 to 1), or of the range of the column it fills where that ends first; the 50 nearest their end, and the nearest of the rest',
  labels,
})
export const sequenceLeft = gauge({
  name: 'pg_sequence_values_left',
  counts: 'values',
  help: 'How many more values it can give out before inserts fail; of the rest the fewest',
  labels,
})
export const sequencesUnknown = gauge({
  name: 'pg_sequences_unknown',
  counts: 'sequences',
  help: 'Sequences whose value the login may not read; the log says which right is missing',
  labels: ['datname'],
})

const measured = { used: sequenceUsed, left: sequenceLeft }

interface Sequence {
  readonly schemaname: string
  readonly sequencename: string
  /** The `table.column` it fills, or nothing. */
  readonly column: string
  readonly used: number
  readonly left: number
}
interface Found {
  readonly known: readonly Sequence[]
  /** Schemas with sequences that may not be read, and how many. */
  readonly unknown: ReadonlyMap<string, number>
  readonly me: string
}

/** Sequences near their end, of each database. One that starts again by itself has none. */
export const sequences = (survey: Survey): Collector<Postgres> => {
  const ask = survey.asks('sequences', readSequences)
  return {
    name: 'sequences',
    metrics: [...Object.values(measured), sequencesUnknown],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const found = await ask(postgres, database)
        if (!found) return []
        const { known, unknown, me } = found
        const hidden = [...unknown.values()].reduce((sum, count) => sum + count, 0)
        if (hidden > 0) postgres.lacks(`sequences in ${database.name}`, rightsFor([...unknown.keys()], me))
        const shown = ranked(known, { limit: shownFaults, by: ({ used }) => used, rest })
        return [
          ...readings(
            shown.map((one) => ({ datname: database.name, ...one })),
            measured,
          ),
          sequencesUnknown.sample(hidden, { datname: database.name }),
        ]
      }),
  }
}

const rightsFor = (schemas: readonly string[], me: string) => {
  const grants = schemas.map(
    (name) => `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${identifier(name)} TO ${identifier(me)}`,
  )
  return new Error(`${me} may not read some sequences: run ${grants.join('; ')}`)
}

const rest = (others: readonly Sequence[]): Sequence => ({
  schemaname: '',
  sequencename: remainder,
  column: '',
  used: Math.max(...others.map(({ used }) => used)),
  left: Math.min(...others.map(({ left }) => left)),
})

type Row = Range & {
  readonly oid: string
  readonly schemaname: string
  readonly sequencename: string
  readonly column: string
  readonly readable: boolean
  readonly me: string
}

/** Reading a sequence locks it until the end of the transaction: few enough that the server has room for the locks. */
const batchSize = 250

const readSequences = async ({ rows }: Database): Promise<Found> => {
  const all = await rows<Row>(sequencesSql)
  const readable = all.filter((one) => one.readable)
  const unknown = new Map<string, number>()
  for (const { schemaname } of all.filter((one) => !one.readable)) {
    unknown.set(schemaname, (unknown.get(schemaname) ?? 0) + 1)
  }
  const known: Sequence[] = []
  for (let from = 0; from < readable.length; from += batchSize) {
    const batch = readable.slice(from, from + batchSize)
    const values = await rows<{ readonly oid: string; readonly last: string | null }>(
      valuesSql(batch.map(({ oid }) => oid)),
    )
    const lasts = new Map(values.map(({ oid, last }) => [oid, last]))
    for (const { oid, schemaname, sequencename, column, ...range } of batch) {
      const last = lasts.get(oid)
      if (last !== undefined) known.push({ schemaname, sequencename, column, ...usage(range, last) })
    }
  }
  return { known, unknown, me: all[0]?.me ?? '' }
}

/** The ends of the integer types, for a column narrower than its sequence. */
const typed = (bound: 'lowest' | 'highest') =>
  ['int2', 'int4', 'int8']
    .map((type, at) => {
      const end = 2n ** BigInt(16 * 2 ** at - 1)
      return `when '${type}'::regtype then ${bound === 'highest' ? end - 1n : `(${-end})`}`
    })
    .join(' ')

/** A column is filled by the sequence it owns, and by one that stands in its default. */
const sequencesSql = `
  with fills as (
    select refobjid as relid, refobjsubid as attnum, objid as seqrelid from pg_depend join pg_sequence on seqrelid = objid
    where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i') and refobjsubid > 0
    union
    select adrelid, adnum, refobjid from pg_depend join pg_sequence on seqrelid = refobjid join pg_attrdef a on a.oid = objid
    where classid = 'pg_attrdef'::regclass and refclassid = 'pg_class'::regclass
  ), typed as (
    select seqrelid, r.relname || '.' || attname as "column", coalesce(nullif(typbasetype, 0), t.oid) as type
    from fills f join pg_class r on r.oid = relid join pg_attribute a on a.attrelid = relid and a.attnum = f.attnum
      join pg_type t on t.oid = atttypid
  ), filled as (
    select seqrelid, string_agg("column", ', ' order by "column") as "column",
           min(case type ${typed('highest')} end) as highest, max(case type ${typed('lowest')} end) as lowest
    from typed group by 1
  )
  select c.oid::text, nspname as schemaname, relname as sequencename, coalesce("column", '') as "column",
         has_sequence_privilege(c.oid, 'USAGE, SELECT') as readable, current_user as me, seqstart::text as start,
         seqincrement::text as increment, greatest(seqmin, lowest)::text as lowest, least(seqmax, highest)::text as highest
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = relnamespace
    left join filled f on f.seqrelid = s.seqrelid
  where ${ofUsers} and relpersistence = any (case when pg_is_in_recovery() then '{p}' else '{p,u}' end::"char"[])
    -- One that cycles ends nowhere, unless its column does before.
    and not (seqcycle and least(seqmax, highest) = seqmax and greatest(seqmin, lowest) = seqmin)`

/** One whose definition somebody is changing is left out until the next time: reading it would wait for them. */
const valuesSql = (oids: readonly string[]) => `
  select seqrelid::text as oid, pg_sequence_last_value(seqrelid)::text as last from pg_sequence
  where seqrelid in (${oids.join(', ')}) and seqrelid not in (
    select relation from pg_locks where locktype = 'relation' and granted
      and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and database = (select oid from pg_database where datname = current_database()))`
