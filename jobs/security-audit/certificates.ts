import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate, rootCertificates } from 'node:tls'
import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { certificateExpiry, certificateNameMatches, certificateTrusted } from '../../exporters/jobs/security.ts'
import { within } from '../../exporters/time-limit.ts'
import { type Check, type Finding, type Planned, type Seen, together } from './check.ts'

interface Options {
  /** Each `host:port`. */
  readonly endpoints: readonly string[]
  /** A file with authorities of ours, besides those that Node knows. */
  readonly authorities?: string | undefined
  readonly settings: SecuritySettings['certificates']
  readonly now?: () => number
}

/** The certificates of what speaks TLS from the first byte: whether they end soon, who vouches for them, and for which name. */
export const certificates = ({ endpoints, authorities, settings, now = Date.now }: Options): Planned => {
  if (endpoints.length === 0) {
    return { name: 'certificates', leftOut: 'no URL here begins with https://, and AUDIT_ENDPOINTS is not set' }
  }
  const look: Check['look'] = async ({ signal, progress }) => {
    const ca = authorities === undefined ? undefined : [...rootCertificates, readFileSync(authorities, 'utf8')]
    const all = endpoints.map(async (endpoint): Promise<Seen> => {
      const soon = within(settings.seconds * 1_000, signal)
      try {
        return seen(endpoint, await shown(endpoint, ca, soon), { now: now(), soonDays: settings.soonDays })
      } catch (cause) {
        signal.throwIfAborted()
        return { findings: [], failures: [`${endpoint}: ${wordsOf(cause)}`], notes: [], samples: [] }
      } finally {
        progress()
      }
    })
    return together(await Promise.all(all))
  }
  return { name: 'certificates', subjects: endpoints.map((endpoint) => `the certificate of ${endpoint}`), look }
}

interface Shown {
  readonly certificate: PeerCertificate
  /** Why nobody vouches for it, by OpenSSL's code. */
  readonly untrusted: string | undefined
  /** Why it is not for the host. */
  readonly otherName: string | undefined
}

const shown = (endpoint: string, ca: string[] | undefined, signal: AbortSignal) =>
  new Promise<Shown>((resolve, reject) => {
    const at = endpoint.lastIndexOf(':')
    const host = endpoint.slice(0, at)
    const socket = connect({
      host,
      port: Number(endpoint.slice(at + 1)),
      // An address must not be asked for by name.
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca && { ca }),
      rejectUnauthorized: false,
      // Looked at below, apart from who vouches for it.
      checkServerIdentity: () => undefined,
    })
    const late = () => socket.destroy(new Error('it does not answer, or takes too long'))
    signal.addEventListener('abort', late, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', late))
    socket.once('error', (cause) => reject(named(cause)))
    socket.once('close', () => reject(new Error('it hung up before it showed a certificate')))
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate()
      // Node's types say that it is an error; it is its code.
      const reason = socket.authorized ? undefined : String(socket.authorizationError)
      socket.destroy()
      if (!certificate.valid_to) reject(new Error('it shows no certificate'))
      else resolve({ certificate, untrusted: reason, otherName: checkServerIdentity(host, certificate)?.message })
    })
    if (signal.aborted) late()
  })

const named = (cause: Error) =>
  /wrong version number|packet length too long/.test(cause.message)
    ? new Error('it does not speak TLS from the first byte', { cause })
    : cause

const day = 86_400_000

const seen = (
  endpoint: string,
  { certificate, untrusted, otherName }: Shown,
  { now, soonDays }: { readonly now: number; readonly soonDays: number },
): Seen => {
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)]
  const days = Math.floor((to - now) / day)
  const on = new Date(to).toISOString().slice(0, 10)
  const renew = 'renew it, and look why that did not happen by itself'
  const findings: readonly (Finding | false)[] = [
    to <= now && { what: `${endpoint}: its certificate ended on ${on}`, remedy: renew },
    to > now &&
      days < soonDays && { what: `${endpoint}: its certificate ends on ${on}, in ${days} days`, remedy: renew },
    from > now && {
      what: `${endpoint}: its certificate begins on ${new Date(from).toISOString()}`,
      remedy: 'set the clock, of this machine or of whoever made it',
    },
    // One that ended, or begins later, is told of already: nobody vouches for it because of that.
    untrusted !== undefined &&
      !outOfTime.includes(untrusted) && {
        what: `${endpoint}: nobody who is known vouches for its certificate: ${reasons[untrusted] ?? untrusted}`,
        remedy:
          'get one of a public authority, serve what stands between it and that, or name your own in AUDIT_TLS_CA',
      },
    otherName !== undefined && {
      what: `${endpoint}: its certificate is for another name: ${otherName}`,
      remedy: 'get one for the name by which it is reached',
    },
  ]
  return {
    findings: findings.filter((one) => one !== false),
    failures: [],
    notes: [`${endpoint}: until ${on}, signed by ${[certificate.issuer.CN ?? certificate.issuer.O].flat().join(', ')}`],
    samples: [
      certificateExpiry.sample(to / 1_000, { endpoint }),
      certificateTrusted.sample(untrusted === undefined ? 1 : 0, { endpoint }),
      certificateNameMatches.sample(otherName === undefined ? 1 : 0, { endpoint }),
    ],
  }
}

const outOfTime = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']
/** What OpenSSL's codes mean. */
const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCAL: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server leaves out what stands between it and its authority, or that is not known here',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_REVOKED: 'it was taken back',
  INVALID_PURPOSE: 'it is not for a server',
}

/** Whoever among these URLs speaks HTTPS, as `host:port`, without duplicates. */
export const httpsEndpoints = (urls: readonly (string | undefined)[]): readonly string[] => [
  ...new Set(
    urls.flatMap((url) => {
      if (url === undefined) return []
      const { protocol, hostname, port } = new URL(url)
      return protocol === 'https:' ? [`${hostname.replace(/^\[|\]$/g, '')}:${port || 443}`] : []
    }),
  ),
]
