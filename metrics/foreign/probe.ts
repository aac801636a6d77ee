import { gauge } from '../metric.ts'

/** Whether the blackbox exporter got the answer its module asks for. */
export const probeSuccess = gauge({
  name: 'probe_success',
  peer: 'blackbox_exporter',
  help: 'Whether the probe succeeded (1) or not (0)',
})

export const probeDuration = gauge({
  name: 'probe_duration_seconds',
  peer: 'blackbox_exporter',
  help: 'How long the probe took, of a failed one until it failed',
})

export const probeStatusCode = gauge({
  name: 'probe_http_status_code',
  peer: 'blackbox_exporter',
  help: 'Status code of the last answer, 0 where there was none',
})

export const probeRedirects = gauge({
  name: 'probe_http_redirects',
  peer: 'blackbox_exporter',
  help: 'How many redirects were followed',
})

/** Only where the address is https, and only of a probe whose connection was made: one that distrusts the certificate has none. */
export const probeCertificateExpiry = gauge({
  name: 'probe_ssl_earliest_cert_expiry',
  peer: 'blackbox_exporter',
  help: 'Unix time at which the first certificate of the chain expires',
})
