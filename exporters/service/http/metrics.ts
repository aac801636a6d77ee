import { type PromiseName, sla } from '../../../config/sla.ts'
import { counter, gauge, histogram } from '../../../metrics/metric.ts'

const labels = ['method', 'route', 'status_code'] as const

/** The usual bounds of prom-client. */
const usual = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
type Promised = Extract<(typeof sla)[PromiseName], { readonly seconds: number }>['seconds']
/** A latency that is promised and no bound could not be judged. */
const promised: readonly Promised[] = Object.values(sla).flatMap((one) => ('seconds' in one ? [one.seconds] : []))
const bounds: readonly ((typeof usual)[number] | Promised)[] = [...new Set([...usual, ...promised])].sort(
  (one, other) => one - other,
)

export const httpRequestDuration = histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of HTTP requests in seconds, from its headers to the last byte of the response',
  labels,
  buckets: bounds,
})
export const httpRequestsTotal = counter({
  name: 'http_requests_total',
  help: 'HTTP requests that are over; status_code 499 where the client left before the answer was complete, 500 where we cut it off',
  labels,
})
export const httpRequestsAborted = counter({
  name: 'http_requests_aborted_total',
  help: 'HTTP requests whose client left before the answer was complete; among http_requests_total under status_code 499',
  labels: ['method', 'route'],
})
export const httpRequestsInFlight = gauge({
  name: 'http_requests_in_flight',
  counts: 'requests',
  help: 'HTTP requests that were accepted and are not answered yet, those of probes included',
})
export const activeConnections = gauge({
  name: 'active_connections',
  counts: 'connections',
  help: 'Open sockets of the HTTP server, those of idle clients included',
})

/** Powers of ten: a size matters by its magnitude. */
const sizes = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] as const

export const httpRequestSize = histogram({
  name: 'http_request_size_bytes',
  help: 'Bytes of HTTP requests on the wire, headers and body. Those of pipelined requests count for the first of them',
  labels: ['method', 'route'],
  buckets: sizes,
})
export const httpResponseSize = histogram({
  name: 'http_response_size_bytes',
  help: 'Bytes of HTTP responses on the wire, headers and body',
  labels: ['method', 'route'],
  buckets: sizes,
})

/** One value for every URL that no route answers: a scanner must not create series. */
export const unmatched = 'unmatched'
