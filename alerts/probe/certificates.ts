import { probeCertificateExpiry } from '../../metrics/foreign.ts'
import { and, gt, lastOverTime, lt, lte, mul, secondsSince } from '../../metrics/promql.ts'
import { type Alert, alert, boundary, type Look, type Threshold } from '../alert.ts'

/**
 * Seconds until it expires, negative afterwards. A probe that fails has no certificate to tell of, and of one that has expired every
 * probe fails: the last that was seen counts for a day. There is none at all where the address is http.
 */
const left = mul(secondsSince(lastOverTime(probeCertificateExpiry, '1d')), -1)

/** How near the end of a certificate is, whoever looked at it. */
export const stages = {
  soon: { is: '3 d', least: '1 h', most: '10 d', source: 'awesome-prometheus-alerts: critical below 3 days' },
  coming: {
    is: '20 d',
    least: '11 d',
    most: '80 d',
    source: 'awesome-prometheus-alerts: warning below 20 days; certbot renews at 30',
  },
} as const satisfies Readonly<Record<string, Threshold>>

const diagnosis: readonly [Look, ...Look[]] = [
  {
    look: 'What is served, and until when it is valid',
    shell:
      'openssl s_client -connect api.techplus.com:443 -servername api.techplus.com </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates',
  },
  {
    look: 'When it is to be renewed, and what failed last',
    shell: 'certbot certificates; journalctl -u certbot.service -n 50 --no-pager',
  },
]

const mitigation: readonly [string, ...string[]] = [
  'Renew it: certbot renew, then reload whoever serves it (nginx -s reload).',
  'It is renewed on disk and an old one is still served: reload the proxy.',
  'The renewal fails: its log says why; nearly always port 80 or the DNS record is no longer reached.',
]

export const certificateExpired: Alert = alert({
  name: 'CertificateExpired',
  expr: lte(left, 0),
  shows: { in: 'time' },
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `The certificate of ${label('instance')} has expired: browsers refuse the page`,
  action: 'Renew it (certbot renew) and reload the proxy. ApiDown fires beside this one, and is mended by it.',
  runbook: {
    meaning:
      'A certificate of the chain that the API was last seen with has expired. It is known from the probe, for a day after the last that got through.',
    impact: 'Browsers and apps refuse the connection: nobody can book. ApiDown pages for that; this alert says why.',
    diagnosis,
    mitigation,
  },
})

export const certificateExpiresSoon = alert({
  name: 'CertificateExpiresSoon',
  threshold: stages.soon,
  expr: (threshold) => and(lt(left, threshold), gt(left, 0)),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) => `The certificate of ${label('instance')} expires in ${value.duration}`,
  action: 'Renew it by hand today: certbot renew, then reload the proxy.',
  runbook: {
    meaning:
      'The first certificate of the chain to expire has less than the threshold left. Renewal should have happened weeks ago.',
    impact: 'When it expires, every browser and app refuses the connection, all at the same second.',
    diagnosis,
    mitigation,
  },
})

export const certificateExpiring = alert({
  name: 'CertificateExpiring',
  threshold: stages.coming,
  expr: (threshold) => and(lt(left, threshold), gt(left, boundary(certificateExpiresSoon))),
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The certificate of ${label('instance')} expires in ${value.duration} and was not renewed`,
  action: 'Find out why it was not renewed by itself: certbot renew --dry-run says it.',
  runbook: {
    meaning:
      'The first certificate of the chain to expire has less than the threshold left, where automatic renewal would have replaced it.',
    impact: 'Nobody yet. Automatic renewal is broken, and nothing else will tell before the last days.',
    diagnosis,
    mitigation,
  },
})
