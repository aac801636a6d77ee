import { randomBytes } from 'node:crypto'
import type { SecuritySettings } from '../../config/security.ts'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { openSession, type Session } from '../../exporters/postgres/session.ts'
import type { Finding, Look, Seen } from './check.ts'
import { isMadeOf } from './verifier.ts'

interface Options {
  readonly url: string
  readonly passwords: SecuritySettings['passwords']
  readonly roles: SecuritySettings['postgres']['roles']
}

export const applicationName = 'techplus security audit'

/**
 * Logins of PostgreSQL with a password that everybody tries first, or with none. Where this login may read what the server
 * keeps of passwords, nothing is tried on it but one that nobody has; otherwise a few are, one after the other.
 */
export const postgresPasswords = async ({ url, passwords, roles }: Options, look: Look): Promise<Seen> => {
  const session = await openSession({ url, applicationName, signal: look.signal })
  try {
    const kept = await verifiers(session)
    const open =
      !isSocket(url) &&
      (await letsIn(url, { user: userOf(url), password: randomBytes(18).toString('base64url') }, look.signal))
    const any: readonly Finding[] = open ? [anybody] : []
    const found = kept
      ? await ofVerifiers(kept, { passwords, roles }, look)
      : open
        ? []
        : await tried(url, passwords, look.signal)
    const how = kept
      ? `${kept.length} logins, by what the server keeps of their passwords`
      : `${passwords.postgres.length} logins, by trying`
    return { findings: [...any, ...found], failures: [], notes: [`PostgreSQL: ${how}`], samples: [] }
  } finally {
    await session.close()
  }
}

const anybody: Finding = {
  what: 'PostgreSQL lets in whoever comes from here, whatever the password',
  remedy: 'write scram-sha-256 in place of trust in pg_hba.conf, and reload it',
}

interface Kept {
  readonly role: string
  readonly verifier: string | undefined
}

/** `insufficient_privilege`. */
const forbidden = '42501'

/** Undefined where this login may not read them. */
const verifiers = async ({ query }: Session): Promise<readonly Kept[] | undefined> => {
  try {
    const rows = await query('select rolname, rolpassword from pg_authid where rolcanlogin order by rolname')
    return rows.map(({ rolname, rolpassword }) => ({
      role: String(rolname),
      verifier: typeof rolpassword === 'string' ? rolpassword : undefined,
    }))
  } catch (cause) {
    if (isCode(cause, forbidden)) return undefined
    throw cause
  }
}

const ofVerifiers = async (
  kept: readonly Kept[],
  { passwords, roles }: Pick<Options, 'passwords' | 'roles'>,
  { signal, progress }: Look,
) => {
  const findings: Finding[] = []
  for (const { role, verifier } of kept) {
    signal.throwIfAborted()
    progress()
    if (verifier === undefined) {
      if (!roles[role]?.withoutPassword) {
        findings.push({
          what: `the login ${role} of PostgreSQL has no password`,
          remedy: `give it one, take its login away (alter role ... nologin), or say in config/security.ts by which other way it comes in`,
        })
      }
    } else if (await isWellKnown(verifier, role, passwords.wellKnown)) {
      findings.push(weakLogin(role))
    }
  }
  return findings
}

const isWellKnown = async (verifier: string, role: string, wellKnown: readonly string[]) => {
  const all = [role, `${role}123`, ...wellKnown]
  const made = await Promise.all(all.map((word) => isMadeOf(verifier, role, word)))
  return made.includes(true)
}

const weakLogin = (role: string): Finding => ({
  what: `the login ${role} of PostgreSQL has a password that everybody tries first`,
  remedy: 'change it with \\password in psql, which sends no plain text, and where it is used',
})

const tried = async (url: string, { postgres }: SecuritySettings['passwords'], signal: AbortSignal) => {
  const findings: Finding[] = []
  for (const login of postgres) {
    if (await letsIn(url, login, signal)) findings.push(weakLogin(login.user))
  }
  return findings
}

/** There the system says who somebody is, and no password is asked. */
const isSocket = (url: string) => {
  const { hostname, searchParams } = new URL(url)
  return (searchParams.get('host') ?? hostname).replace('%2F', '/').startsWith('/')
}

const userOf = (url: string) => decodeURIComponent(new URL(url).username) || 'postgres'

/** What a server says to whom it does not let in: `invalid_password`, `invalid_authorization_specification`. */
const refusals = ['28P01', '28000']
/** There is no such database, or it may not be entered: said to those alone whose password was right. */
const entered = ['3D000', '42501']

const letsIn = async (
  url: string,
  { user, password }: { readonly user: string; readonly password: string },
  signal: AbortSignal,
) => {
  const other = new URL(url)
  other.username = encodeURIComponent(user)
  other.password = encodeURIComponent(password)
  // With a certificate it would be let in for that.
  for (const name of ['sslcert', 'sslkey']) other.searchParams.delete(name)
  try {
    const session = await openSession({ url: other.href, applicationName, signal })
    await session.close()
    return true
  } catch (cause) {
    if (refusals.some((code) => isCode(cause, code))) return false
    if (entered.some((code) => isCode(cause, code))) return true
    throw new Error(`a login could not be tried: ${wordsOf(cause)}`, { cause })
  }
}
