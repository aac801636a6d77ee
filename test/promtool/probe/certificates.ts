import type { Alert } from '../../../alerts/alert.ts'
import { certificateExpired, certificateExpiresSoon, certificateExpiring } from '../../../alerts/probe/certificates.ts'
import { probeCertificateExpiry, probeSuccess } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const day = 86_400
const at = '3h'
/** Valid for so long at the moment one looks. Time begins at 0 there. */
const valid = (seconds: number, values = 'x300') => [
  series(probeCertificateExpiry, 'probe', `${3 * 3600 + seconds}${values}`),
]
const quiet = (about: Alert, name: string, seconds: number): Case => ({
  name,
  about,
  series: valid(seconds),
  at,
  fires: [],
})

export const certificateCases: readonly Case[] = [
  {
    name: 'a certificate that has expired is told',
    about: certificateExpired,
    series: valid(-120),
    at,
    fires: [{ rule: certificateExpired, labels: scraped.probe }],
  },
  {
    name: 'a certificate that has expired is told, though no probe gets through since',
    about: certificateExpired,
    series: [...valid(-3600, 'x118'), series(probeSuccess, 'probe', '1x118 0x200')],
    at,
    fires: [{ rule: certificateExpired, labels: scraped.probe }],
  },
  quiet(certificateExpired, 'a certificate that is valid for a minute more has not expired', 60),
  {
    name: 'a certificate that was renewed is not told, though the one before has expired',
    about: certificateExpired,
    series: [series(probeCertificateExpiry, 'probe', `3600x100 ${90 * day}x200`)],
    at,
    fires: [],
  },
  {
    name: 'a certificate that expired this second is not told yet',
    about: certificateExpired,
    series: valid(-5),
    at,
    fires: [],
  },
  {
    name: 'a certificate with two days left is told',
    about: certificateExpiresSoon,
    series: valid(2 * day),
    at,
    fires: [{ rule: certificateExpiresSoon, labels: scraped.probe, value: '2d 0h 0m 0s' }],
  },
  quiet(certificateExpiresSoon, 'a certificate with three days and an hour left is not told as urgent', 3 * day + 3600),
  quiet(certificateExpiresSoon, 'a certificate that has expired does not expire soon', -day),
  {
    name: 'a certificate that has less than three days left for two minutes is not told as urgent yet',
    about: certificateExpiresSoon,
    series: valid(3 * day - 120),
    at,
    fires: [],
  },
  {
    name: 'a certificate with ten days left is told',
    about: certificateExpiring,
    series: valid(10 * day),
    at,
    fires: [{ rule: certificateExpiring, labels: scraped.probe, value: '10d 0h 0m 0s' }],
  },
  quiet(certificateExpiring, 'a certificate with 21 days left is not told', 21 * day),
  quiet(certificateExpiring, 'a certificate with two days left is told as urgent only', 2 * day),
  quiet(
    certificateExpiring,
    'a certificate that has less than 20 days left for half an hour is not told yet',
    20 * day - 1800,
  ),
]
