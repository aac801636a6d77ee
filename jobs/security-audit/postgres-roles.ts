import { type Power, powers, type SecuritySettings } from '../../config/security.ts'
import { isCode } from '../../exporters/failure.ts'
import { openSession, type Session } from '../../exporters/postgres/session.ts'
import type { Check, Finding, Planned, Seen } from './check.ts'
import { together } from './check.ts'
import { applicationName } from './postgres-passwords.ts'

interface Options {
  readonly url: string | undefined
  readonly settings: SecuritySettings['postgres']
}

/** Who may do more in PostgreSQL than its work takes, and by which door. */
export const postgresRoles = ({ url, settings }: Options): Planned => {
  if (url === undefined) return { name: 'postgres_roles', leftOut: 'neither JOBS_DATABASE_URL nor DATABASE_URL is set' }
  const { hostname, pathname } = new URL(url)
  const look: Check['look'] = async ({ signal, progress }) => {
    const session = await openSession({ url, applicationName, signal })
    try {
      const all: Seen[] = []
      for (const part of [ofRoles(settings), ofSchemas, ofVerifiers, ofDoors]) {
        all.push(await part(session))
        progress()
      }
      return together(all)
    } finally {
      await session.close()
    }
  }
  return {
    name: 'postgres_roles',
    subjects: [
      `the roles of PostgreSQL on ${hostname}, the schemas of ${decodeURIComponent(pathname.slice(1))}, and pg_hba.conf where it may be read`,
    ],
    look,
  }
}

type Part = (session: Session) => Promise<Seen>

const seen = (findings: readonly Finding[], ...notes: readonly string[]): Seen => ({
  findings,
  failures: [],
  notes,
  samples: [],
})

const ofRoles =
  ({ roles: allowed }: SecuritySettings['postgres']): Part =>
  async ({ query }) => {
    const rows = await query(powersSql, [powers.filter((one) => one.startsWith('pg_'))])
    const names = new Set(rows.map(({ role }) => String(role)))
    const found = [...names].flatMap((role): readonly Finding[] => {
      const may = allowed[role]?.powers ?? []
      const has = rows
        .filter((row) => row.role === role)
        .map((row) => ({
          power: String(row.power),
          via: [row.role, row.power].includes(row.via) ? undefined : String(row.via),
        }))
      // A superuser may do all of it anyway.
      const isAllowed = (power: string) => may.includes('SUPERUSER') || may.some((one) => one === power)
      const top = has.find(({ power }) => power === 'SUPERUSER')
      const faults = (top ? [top] : has).filter(({ power }) => !isAllowed(power))
      if (faults.length === 0) return []
      const words = faults.map(({ power, via }) => `${power}${via === undefined ? '' : ` by way of ${via}`}`)
      return [
        {
          what: `the role ${role} of PostgreSQL has ${words.join(', ')}`,
          remedy: `${faults.map(({ power, via }) => undo(role, power, via)).join('; ')}. Or allow it in config/security.ts with the reason`,
        },
      ]
    })
    return seen(found, `PostgreSQL: ${names.size} roles with powers, ${names.size - found.length} of them as they may`)
  }

const undo = (role: string, power: string, via: string | undefined) => {
  if (via !== undefined) return `revoke ${via} from ${role}`
  return power.startsWith('pg_') ? `revoke ${power} from ${role}` : `alter role ${role} no${power.toLowerCase()}`
}

const attributes: Readonly<Partial<Record<Power, string>>> = {
  SUPERUSER: 'rolsuper',
  CREATEROLE: 'rolcreaterole',
  REPLICATION: 'rolreplication',
  BYPASSRLS: 'rolbypassrls',
}

/** Every member of a role may become that role, and so do all that it may. */
const powersSql = `
  with powers as (
    select oid, rolname, power from pg_roles, unnest(array[
      ${Object.entries(attributes)
        .map(([power, column]) => `case when ${column} then '${power}' end`)
        .join(', ')},
      case when rolname = any($1::text[]) then rolname::text end]) power
    where power is not null)
  select distinct r.rolname role, p.power, p.rolname via
  from pg_roles r join powers p on r.oid = p.oid or (not r.rolsuper and pg_has_role(r.oid, p.oid, 'member'))
  where r.rolname !~ '^pg_'
  order by role, via, power`

const ofSchemas: Part = async ({ query }) => {
  const rows = await query(`
    select nspname from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    where a.grantee = 0 and a.privilege_type = 'CREATE' and nspname !~ '^pg_(temp|toast)' order by nspname`)
  return seen(
    rows.map(({ nspname }) => ({
      what: `everybody may create tables and functions in the schema ${nspname}, which others then run unawares`,
      remedy: `revoke create on schema ${nspname} from public`,
    })),
  )
}

const ofVerifiers: Part = async (session) => {
  const [setting] = await session.query(`select current_setting('password_encryption') encryption`)
  const old = await ifAllowed(() =>
    session.query(`select rolname from pg_authid where rolpassword !~ '^SCRAM-' order by rolname`),
  )
  const findings = [
    ...(setting?.encryption === 'scram-sha-256'
      ? []
      : [
          {
            what: 'PostgreSQL keeps new passwords as md5',
            remedy: `alter system set password_encryption = 'scram-sha-256', and reload`,
          },
        ]),
    ...(old ?? []).map(({ rolname }) => ({
      what: `PostgreSQL keeps the password of ${rolname} as md5: whoever reads a backup can come in with it`,
      remedy: 'set it again with \\password, once password_encryption is scram-sha-256',
    })),
  ]
  return seen(findings, ...(old ? [] : ['how passwords are kept was not looked at: only a superuser may']))
}

const ofDoors: Part = async (session) => {
  const rules = await ifAllowed(() =>
    session.query(`
      select line_number, type, auth_method, address,
        array_to_string(database, ',') databases, array_to_string(user_name, ',') users
      from pg_hba_file_rules
      where error is null and (auth_method = 'trust' or auth_method = 'password' and type not in ('hostssl', 'hostgssenc', 'local'))
      order by line_number`),
  )
  const findings = (rules ?? []).map(({ line_number, type, auth_method, address, databases, users }) => ({
    what: `line ${line_number} of pg_hba.conf (${[type, databases, users, address].filter(Boolean).join(' ')}) ${auth_method === 'trust' ? 'asks for no password' : 'lets passwords be sent as they are'}`,
    remedy: 'write scram-sha-256 there, and reload',
  }))
  const grant = 'grant execute on function pg_hba_file_rules() to this login, and select on the view'
  return seen(findings, ...(rules ? [] : [`pg_hba.conf was not looked at: ${grant}`]))
}

/** Undefined where this login may not: `insufficient_privilege`. */
const ifAllowed = async <T>(work: () => Promise<T>) => {
  try {
    return await work()
  } catch (cause) {
    if (isCode(cause, '42501')) return undefined
    throw cause
  }
}
