import type { Database } from '../../exporters/postgres/source.ts'

/** A foreign key that points at a table which loses rows. */
export interface Dependant {
  readonly constraint: string
  /** The table that has the key: as SQL has it, and by its names. */
  readonly table: string
  readonly schema: string
  readonly name: string
  /** What the key does with a row whose target goes. */
  readonly onDelete: 'refuses' | 'goes' | 'forgets'
  /** Columns of the key and of its target, as SQL has them. */
  readonly columns: readonly (readonly [own: string, target: string])[]
  /** Whether an index finds the rows that point at a target. Without one the whole table is read for each. */
  readonly indexed: boolean
  /** What points at this table in turn, where its rows go. */
  readonly dependants: readonly Dependant[]
}

interface Row {
  readonly constraint: string
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly table: string
  readonly action: string
  readonly own: string
  readonly target: string
  readonly indexed: boolean
}

/** Separates names in one text: no name of PostgreSQL holds it as quoted here. */
const between = '\u001f'

/** The clones that a partitioned table has for each partition are left out: their parent stands for them. */
const keysOn = (oid: string) => `
  select k.conname as constraint, t.oid::text as oid, n.nspname as schema, t.relname as name,
         format('%I.%I', n.nspname, t.relname) as "table", k.confdeltype::text as action,
         (select string_agg(format('%I', a.attname), '${between}' order by p.i)
          from unnest(k.conkey) with ordinality p(num, i)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.num) as own,
         (select string_agg(format('%I', a.attname), '${between}' order by p.i)
          from unnest(k.confkey) with ordinality p(num, i)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = p.num) as target,
         exists (select from pg_index x where x.indrelid = k.conrelid and x.indisvalid and x.indpred is null
                   and x.indkey[0] = any(k.conkey)) as indexed
  from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_namespace n on n.oid = t.relnamespace
  where k.contype = 'f' and k.conparentid = 0 and k.confrelid = ${oid}
  order by n.nspname, t.relname, k.conname`

/** What the letters of the catalogue mean: no action, restrict, cascade, set null, set default. */
const actions: Readonly<Record<string, Dependant['onDelete']>> = {
  a: 'refuses',
  r: 'refuses',
  c: 'goes',
  n: 'forgets',
  d: 'forgets',
}

/**
 * Every foreign key that a deletion meets, however far it reaches.
 * @param oid of the table that loses rows
 * @throws Error where rows would go in a circle
 */
export const readDependants = async (
  database: Pick<Database, 'rows'>,
  oid: string,
  above: readonly string[] = [],
): Promise<readonly Dependant[]> => {
  const rows = await database.rows<Row>(keysOn(oid))
  const found: Dependant[] = []
  for (const row of rows) {
    const onDelete = actions[row.action] ?? 'refuses'
    if (onDelete === 'goes' && [...above, oid].includes(row.oid)) {
      throw new Error(
        `foreign key ${row.constraint} of ${row.table} deletes in a circle: how much goes cannot be told beforehand. Make it ON DELETE RESTRICT`,
      )
    }
    const own = row.own.split(between)
    const target = row.target.split(between)
    found.push({
      constraint: row.constraint,
      table: row.table,
      schema: row.schema,
      name: row.name,
      onDelete,
      columns: own.map((column, at) => [column, target[at] ?? '']),
      indexed: row.indexed,
      dependants: onDelete === 'goes' ? await readDependants(database, row.oid, [...above, oid]) : [],
    })
  }
  return found
}

/** Everything that is reached, one after the other. */
export const allOf = (dependants: readonly Dependant[]): readonly Dependant[] =>
  dependants.flatMap((one) => [one, ...allOf(one.dependants)])

const pointsAt = ({ columns }: Dependant, own: string, target: string) =>
  columns.map(([column, of]) => `${own}.${column} = ${target}.${of}`).join(' and ')

/**
 * The condition that something keeps the row `alias` from being deleted: a row points at it that would have to go first, or
 * at one that would go with it.
 */
export const heldBy = (dependants: readonly Dependant[], alias: string): string => {
  const conditions = dependants.flatMap((one, at) => {
    if (one.onDelete === 'forgets') return []
    const own = `${alias}_${at}`
    const points = pointsAt(one, own, alias)
    if (one.onDelete === 'refuses') return [`exists (select from ${one.table} ${own} where ${points})`]
    const further = heldBy(one.dependants, own)
    return further === 'false' ? [] : [`exists (select from ${one.table} ${own} where ${points} and (${further}))`]
  })
  return conditions.length === 0 ? 'false' : conditions.join(' or ')
}

/**
 * Counts, for each table whose rows go too, how many.
 * @param doomed the rows that go, as a query of `alias`: `select from reservations r where ...`
 */
export const countsOfGoing = (
  dependants: readonly Dependant[],
  alias: string,
  doomed: (and: string) => string,
): readonly { readonly of: Dependant; readonly sql: string }[] =>
  dependants.flatMap((one, at) => {
    if (one.onDelete !== 'goes') return []
    const own = `${alias}_${at}`
    const reached = `exists (${doomed(pointsAt(one, own, alias))})`
    const deeper = (and: string) => `select from ${one.table} ${own} where ${and} and ${reached}`
    return [
      { of: one, sql: `select count(*)::float8 as count from ${one.table} ${own} where ${reached}` },
      ...countsOfGoing(one.dependants, own, deeper),
    ]
  })
