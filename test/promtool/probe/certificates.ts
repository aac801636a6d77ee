import type { Alert } from '../../../alerts/alert.ts'
import { certificateExpired, certificateExpiresSoon, certificateExpiring } from '../../../alerts/probe/certificates.ts'
import { probeCertificateExpiry, probeSuccess } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const day = 86_400
/** When one looks, in minutes: a little after what the alert waits for. */
const moments = { [certificateExpired.id]: 10, [certificateExpiresSoon.id]: 20, [certificateExpiring.id]: 90 }

/** A certificate that is valid for so many seconds at the moment one looks. Time begins at 0 there. */
const seen = (about: Alert, seconds: number, values = 'x100') => {
  const minutes = moments[about.id] ?? 0
  return {
    about,
    series: [series(probeCertificateExpiry, 'probe', `${60 * minutes + seconds}${values}`)],
    at: `${minutes}m`,
  } as const
}
const quiet = (about: Alert, name: string, seconds: number): Case => ({ name, ...seen(about, seconds), fires: [] })

export const certificateCases: readonly Case[] = [
  {
    name: 'a certificate that has expired is told',
    ...seen(certificateExpired, -120),
    fires: [{ rule: certificateExpired, labels: scraped.probe }],
  },
  {
    name: 'a certificate that has expired is told, though no probe gets through since',
    about: certificateExpired,
    series: [series(probeCertificateExpiry, 'probe', '180x2'), series(probeSuccess, 'probe', '1x2 0x100')],
    at: '90m',
    fires: [{ rule: certificateExpired, labels: scraped.probe }],
  },
  quiet(certificateExpired, 'a certificate that is valid for a minute more has not expired', 60),
  {
    name: 'a certificate that was renewed is not told, though the one before has expired',
    about: certificateExpired,
    series: [series(probeCertificateExpiry, 'probe', `300x4 ${90 * day}x20`)],
    at: '10m',
    fires: [],
  },
  {
    name: 'a certificate that expired this second is not told yet',
    ...seen(certificateExpired, -5),
    fires: [],
  },
  {
    name: 'a certificate with two days left is told',
    ...seen(certificateExpiresSoon, 2 * day),
    fires: [{ rule: certificateExpiresSoon, labels: scraped.probe, value: '2d 0h 0m 0s' }],
  },
  quiet(certificateExpiresSoon, 'a certificate with three days and an hour left is not told as urgent', 3 * day + 3600),
  quiet(certificateExpiresSoon, 'a certificate that has expired does not expire soon', -day),
  {
    name: 'a certificate that has less than three days left for two minutes is not told as urgent yet',
    ...seen(certificateExpiresSoon, 3 * day - 120),
    fires: [],
  },
  {
    name: 'a certificate with ten days left is told',
    ...seen(certificateExpiring, 10 * day),
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
