import type { Alert } from '../../../alerts/alert.ts'
import {
  endpointCertificateExpired,
  endpointCertificateExpiresSoon,
  endpointCertificateExpiring,
  endpointCertificateOfOther,
  endpointCertificateUntrusted,
} from '../../../alerts/security/certificates.ts'
import { certificateExpiry, certificateNameMatches, certificateTrusted } from '../../../exporters/jobs/security.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const day = 86_400
const endpoint = 'api.techplus.com:443'
const labels = { ...scraped.jobs, endpoint }

/** When one looks, in minutes: a little after what the alert waits for. */
const moments = {
  [endpointCertificateExpired.id]: 10,
  [endpointCertificateExpiresSoon.id]: 20,
  [endpointCertificateExpiring.id]: 90,
}

interface Certificate {
  readonly trusted?: string
  readonly named?: string
  readonly at?: string
}

const certificate = (expires: string, { trusted = '1x100', named = '1x100', at = endpoint }: Certificate = {}) => [
  series(certificateExpiry, 'jobs', expires, { endpoint: at }),
  series(certificateTrusted, 'jobs', trusted, { endpoint: at }),
  series(certificateNameMatches, 'jobs', named, { endpoint: at }),
]
const other = certificate(`${90 * day}x100`, { at: 'mail.techplus.com:465' })

/** A certificate that is valid for so many seconds at the moment one looks. Time begins at 0 there. */
const seen = (about: Alert, seconds: number) => {
  const minutes = moments[about.id] ?? 0
  return {
    about,
    series: [...certificate(`${60 * minutes + seconds}x100`), ...other],
    at: `${minutes}m`,
  } as const
}
const quiet = (about: Alert, name: string, seconds: number): Case => ({ name, ...seen(about, seconds), fires: [] })

const expiry: readonly Case[] = [
  {
    name: 'a certificate that the audit saw and that has expired is told',
    ...seen(endpointCertificateExpired, -120),
    fires: [{ rule: endpointCertificateExpired, labels }],
  },
  quiet(endpointCertificateExpired, 'a certificate that the audit saw with a minute left has not expired', 60),
  quiet(
    endpointCertificateExpired,
    'a certificate that the audit saw and that expired this second is not told yet',
    -5,
  ),
  {
    name: 'a certificate that the audit saw with two days left is told',
    ...seen(endpointCertificateExpiresSoon, 2 * day),
    fires: [{ rule: endpointCertificateExpiresSoon, labels, value: '2d 0h 0m 0s' }],
  },
  quiet(
    endpointCertificateExpiresSoon,
    'a certificate that the audit saw with three days and an hour left is not told as urgent',
    3 * day + 3_600,
  ),
  quiet(
    endpointCertificateExpiresSoon,
    'a certificate that the audit saw and that has expired does not expire soon',
    -day,
  ),
  quiet(
    endpointCertificateExpiresSoon,
    'a certificate that the audit saw with less than three days left for two minutes is not told as urgent yet',
    3 * day - 120,
  ),
  {
    name: 'a certificate that the audit saw with ten days left is told',
    ...seen(endpointCertificateExpiring, 10 * day),
    fires: [{ rule: endpointCertificateExpiring, labels, value: '10d 0h 0m 0s' }],
  },
  quiet(endpointCertificateExpiring, 'a certificate that the audit saw with 21 days left is not told', 21 * day),
  quiet(
    endpointCertificateExpiring,
    'a certificate that the audit saw with two days left is told as urgent only',
    2 * day,
  ),
  quiet(
    endpointCertificateExpiring,
    'a certificate that the audit saw with less than 20 days left for half an hour is not told yet',
    20 * day - 1_800,
  ),
]

const valid = `${90 * day}x100`
const looks: readonly Case[] = [
  {
    name: 'a certificate that no authority vouches for is told',
    about: endpointCertificateUntrusted,
    series: [...certificate(valid, { trusted: '1x2 0x20' }), ...other],
    at: '8m',
    fires: [{ rule: endpointCertificateUntrusted, labels }],
  },
  {
    name: 'a certificate that an authority vouches for is not told, though it is of another name',
    about: endpointCertificateUntrusted,
    series: certificate(valid, { named: '0x20' }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a certificate that no authority vouches for as it has expired is told as that only',
    about: endpointCertificateUntrusted,
    series: certificate('60x100', { trusted: '0x100' }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a certificate that no authority vouches for this very moment is not told yet',
    about: endpointCertificateUntrusted,
    series: certificate(valid, { trusted: '1x7 0x20' }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a certificate of another name is told',
    about: endpointCertificateOfOther,
    series: [...certificate(valid, { named: '1x2 0x20' }), ...other],
    at: '8m',
    fires: [{ rule: endpointCertificateOfOther, labels }],
  },
  {
    name: 'a certificate of the name by which its endpoint is reached is not told, though nobody vouches for it',
    about: endpointCertificateOfOther,
    series: certificate(valid, { trusted: '0x20' }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a certificate that is of another name this very moment is not told yet',
    about: endpointCertificateOfOther,
    series: certificate(valid, { named: '1x7 0x20' }),
    at: '8m',
    fires: [],
  },
]

export const auditedCertificateCases: readonly Case[] = [...expiry, ...looks]
