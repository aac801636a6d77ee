import type { Attributes, Meter } from '@opentelemetry/api'
import { histogram } from '../../../metrics/metric.ts'

// Named as the semantic conventions of OpenTelemetry are for Prometheus, with the unit in the name.

export const dbClientOperationDuration = histogram({
  name: 'db_client_operation_duration_seconds',
  help: 'Duration of operations of database clients, by system (postgresql, redis) and kind; error_type is empty where none failed',
  labels: ['db_system_name', 'db_namespace', 'db_operation_name', 'error_type', 'server_address', 'server_port'],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
})
export const httpClientRequestDuration = histogram({
  name: 'http_client_request_duration_seconds',
  help: 'Duration of HTTP requests to others, by the server asked; without a status where none came',
  labels: ['http_request_method', 'http_response_status_code', 'error_type', 'server_address', 'server_port'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
})

export interface ClientMetrics {
  /** One operation of a client of a database whose instrumentation measures none. */
  record(seconds: number, attributes: Attributes): void
}

/** Measures of a service's clients what their instrumentations leave out. */
export const clientMetrics = (meter: Meter): ClientMetrics => {
  const durations = meter.createHistogram('db.client.operation.duration', { unit: 's' })
  return { record: (seconds, attributes) => durations.record(seconds, attributes) }
}

const kinds = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE CALL DO COPY BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT ' +
    'RELEASE SET RESET SHOW LISTEN UNLISTEN NOTIFY LOCK PREPARE EXECUTE DEALLOCATE DECLARE FETCH MOVE CLOSE DISCARD ' +
    'EXPLAIN ANALYZE VACUUM REINDEX CLUSTER REFRESH TRUNCATE CREATE ALTER DROP GRANT REVOKE COMMENT'
  ).split(' '),
)

/** The first word of a statement, if it is one of SQL: what precedes the first blank may be any part of the text. */
export const statementKind = (text: string) => {
  const word = /^(?:[\s(]|--[^\n]*\n|\/\*.*?\*\/)*([a-z]+)/is.exec(text)?.[1]?.toUpperCase() ?? ''
  return kinds.has(word) ? word : 'OTHER'
}
