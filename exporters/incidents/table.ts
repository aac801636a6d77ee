import type { Query, Writer } from '../postgres/writer.ts'

/** What no waiting mends. */
export class Unusable extends Error {}

/** `record` is all there is to know, as JSON; the columns beside it are for people who ask with SQL. */
const create = [
  `create table if not exists incidents (
    id text primary key,
    seq bigint not null unique,
    record text not null,
    alertname text not null,
    severity text not null,
    owner text not null,
    response text not null,
    starts_at timestamptz not null,
    notified_at timestamptz not null,
    acknowledged_at timestamptz,
    resolved_at timestamptz
  )`,
  `comment on table incidents is 'Alerts that somebody was told of, as the incident recorder keeps them'`,
]

/**
 * Makes the table where there is none.
 * @throws Unusable naming what to grant, or that it is a table of somebody else
 */
export const usableTable = async (writer: Writer): Promise<void> => {
  const found = await writer.transaction(async (query) => (await query(state))[0])
  const who = { role: String(found?.role), schema: String(found?.schema) }
  if (found?.there !== true) {
    await writer
      .transaction((query) => made(query))
      .catch((failure: unknown) => {
        throw codeOf(failure) === insufficient ? new Unusable(mayNotCreate(who)) : failure
      })
    return
  }
  const missing = rights.filter((right) => found[right] !== true)
  if (missing.length > 0) {
    throw new Unusable(
      `the role ${who.role} lacks rights on the table incidents: grant ${missing.join(', ')} on incidents to "${who.role}"`,
    )
  }
  await writer
    .transaction((query) => query(columns))
    .catch((failure: unknown) => {
      if (codeOf(failure) !== undefinedColumn) throw failure
      throw new Unusable(
        'there is a table incidents that is not ours: give INCIDENTS_DATABASE_URL a database of its own',
      )
    })
}

const made = async (query: Query) => {
  // Two recorders that begin side by side would both try.
  await query('select pg_advisory_xact_lock(9466000002)')
  for (const statement of create) await query(statement)
}

const mayNotCreate = ({ role, schema }: { readonly role: string; readonly schema: string }) =>
  `the role ${role} may not create the table incidents: grant create on schema ${schema} to "${role}", or create it as another role and grant ${rights.join(', ')} on incidents to "${role}"; docs/incidents.md shows it`

const rights = ['select', 'insert', 'update'] as const
const state = `
  select to_regclass('incidents') is not null as there, current_user as role, coalesce(current_schema(), 'public') as schema,
    ${rights.map((right) => `coalesce(has_table_privilege(to_regclass('incidents'), '${right}'), false) as "${right}"`).join(', ')}`

const columns =
  'select id, seq, record, alertname, severity, owner, response, starts_at, notified_at, acknowledged_at, resolved_at from incidents limit 0'

const insufficient = '42501'
const undefinedColumn = '42703'

const codeOf = (failure: unknown) => (failure instanceof Error && 'code' in failure ? failure.code : undefined)
