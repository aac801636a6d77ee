import { certificateExpiry, certificateNameMatches, certificateTrusted } from '../../exporters/jobs/security.ts'
import { and, eq, gt, instant, lt, lte, secondsUntil, unless } from '../../metrics/promql.ts'
import { alert, boundary, type Look } from '../alert.ts'
import { stages } from '../probe/certificates.ts'
import { auditAgain, report } from './looks.ts'

/** Seconds until it expires, negative afterwards. The audit looks once a day: in between it is reckoned with. */
const left = secondsUntil(instant(certificateExpiry))

const served: Look = {
  look: 'What is served, until when it is valid, and for which names (put in the host)',
  shell:
    'HOST=api.techplus.com; openssl s_client -connect "$HOST:443" -servername "$HOST" </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName',
}
const chain: Look = {
  look: 'Whether an authority vouches for it: the first error says what is missing',
  shell:
    'HOST=api.techplus.com; openssl s_client -connect "$HOST:443" -servername "$HOST" -verify_return_error </dev/null 2>&1 | grep -E "verify|Verification|depth"',
}

const renewal: readonly [string, ...string[]] = [
  'Renew it (certbot renew), and reload whoever serves it.',
  'It is renewed on disk and an old one is still served: reload the server.',
  'The endpoint is no longer used: take it out of AUDIT_ENDPOINTS.',
  'The audit looks once a day: npm run job -- security-audit tells it at once.',
]

export const endpointCertificateExpired = alert({
  name: 'EndpointCertificateExpired',
  expr: lte(left, 0),
  shows: { in: 'time' },
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `The certificate of ${label('endpoint')} has expired: whoever checks it is refused`,
  action: 'Renew it now and reload its server; then npm run job -- security-audit, which ends this alert.',
  runbook: {
    meaning:
      'The audit connected to this endpoint of AUDIT_ENDPOINTS, and its certificate has expired, or has since then.',
    impact: 'Browsers, apps and programs refuse the connection. For the API nobody can book.',
    diagnosis: [served, report, auditAgain],
    mitigation: renewal,
  },
})

export const endpointCertificateExpiresSoon = alert({
  name: 'EndpointCertificateExpiresSoon',
  threshold: stages.soon,
  expr: (threshold) => and(lt(left, threshold), gt(left, 0)),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) => `The certificate of ${label('endpoint')} expires in ${value.duration}`,
  action: 'Renew it by hand today, and reload its server; then npm run job -- security-audit.',
  runbook: {
    meaning:
      'The certificate that the audit saw has less than the threshold left. It should have been renewed weeks ago.',
    impact: 'When it expires, everybody who connects is refused, all at the same second.',
    diagnosis: [served, report, auditAgain],
    mitigation: renewal,
  },
})

export const endpointCertificateExpiring = alert({
  name: 'EndpointCertificateExpiring',
  threshold: stages.coming,
  expr: (threshold) => and(lt(left, threshold), gt(left, boundary(endpointCertificateExpiresSoon))),
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The certificate of ${label('endpoint')} expires in ${value.duration} and was not renewed`,
  action: 'Find out why it was not renewed by itself: certbot renew --dry-run says it.',
  runbook: {
    meaning: 'The certificate has less than the threshold left, where automatic renewal would have replaced it.',
    impact: 'Nobody yet. Automatic renewal is broken, or there is none.',
    diagnosis: [
      served,
      report,
      {
        look: 'When it is to be renewed, and what failed last',
        shell: 'certbot certificates; journalctl -u certbot.service -n 50 --no-pager',
      },
    ],
    mitigation: renewal,
  },
})

export const endpointCertificateUntrusted = alert({
  name: 'EndpointCertificateUntrusted',
  // One that has expired is not vouched for either, and is told as that.
  expr: unless(eq(instant(certificateTrusted), 0), lte(left, 0)),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `No authority vouches for the certificate of ${label('endpoint')}: whoever checks it is refused`,
  action: 'See whether the certificate between it and the authority is missing in what is served; most often it is.',
  runbook: {
    meaning:
      'The chain that the endpoint serves does not lead to an authority that this machine knows: it signed itself, a certificate in between is missing, or the authority is not trusted.',
    impact:
      'Programs refuse the connection, and phones; some browsers fill in what is missing. Or somebody stands in between and serves a certificate of their own.',
    diagnosis: [chain, served, report, auditAgain],
    mitigation: [
      'Serve the whole chain: fullchain.pem, not cert.pem, and reload.',
      'An authority of your own: have this machine trust it (update-ca-certificates, or NODE_EXTRA_CA_CERTS for the jobs).',
      'Nobody of yours issued it: treat it as an attack. Look at the DNS record, and at what stands in between.',
    ],
  },
})

export const endpointCertificateOfOther = alert({
  name: 'EndpointCertificateNameWrong',
  expr: eq(instant(certificateNameMatches), 0),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `The certificate of ${label('endpoint')} is for another name: whoever checks it is refused`,
  action:
    'See for which names it is. Have one issued for this name too, or mend the server that answers with the wrong one.',
  runbook: {
    meaning: 'None of the names in the certificate is that by which the endpoint is reached.',
    impact:
      'Browsers warn, programs refuse. A proxy that answers with its default certificate does so for every name that it lost.',
    diagnosis: [served, report, auditAgain],
    mitigation: [
      'The proxy does not know this name any more: put its server_name back, and reload.',
      'The name is new: have a certificate issued that holds it (certbot --expand).',
      'The DNS record leads to another host: mend it.',
    ],
  },
})
