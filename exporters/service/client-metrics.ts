import { type Definition, gauge, histogram } from '../../metrics/metric.ts'
import { printLabels } from '../exposition.ts'
import type { Kept, Line } from '../reading.ts'
import { Distribution } from './distribution.ts'
import type { Source } from './instruments.ts'
import { seriesStore } from './series-store.ts'

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

const pool = 'db_client_connection_pool_name'
/** The conventions call it count, which Prometheus keeps for histograms. */
export const dbClientConnections = gauge({
  name: 'db_client_connections',
  counts: 'connections',
  help: 'Open connections of a pool, used or idle',
  labels: [pool, 'db_client_connection_state'],
})
export const dbClientConnectionsMax = gauge({
  name: 'db_client_connections_max',
  counts: 'connections',
  help: 'Most connections that a pool may open',
  labels: [pool],
})
export const dbClientConnectionsPending = gauge({
  name: 'db_client_connections_pending_requests',
  counts: 'requests',
  help: 'Requests that wait for a connection of a pool',
  labels: [pool],
})

/** What a series may be told apart by, as an instrumentation gives it. */
export type Attributes = Readonly<Record<string, unknown>>

/** As `pg-pool` makes them. */
export interface Pool {
  readonly options: {
    readonly max?: number
    readonly connectionString?: string
    readonly host?: string
    readonly port?: number | string
    readonly database?: string
  }
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly ended?: boolean
}

export interface ClientMetrics {
  /** @param instrument as the conventions name it; one that is not served is no fault */
  record(instrument: string, seconds: number, attributes: Attributes): void
  /** From now on its connections are counted, until it has ended. */
  watch(pool: Pool): void
  readonly source: Source
}

const histograms = {
  'db.client.operation.duration': dbClientOperationDuration,
  'http.client.request.duration': httpClientRequestDuration,
} as const

/** No client has so many servers and errors; where one names servers by what its users say, the rest share a series. */
const mostSeries = 500

/** Measures what a service asks of others: how long it took, and how many connections it has for it. */
export const clientMetrics = (): ClientMetrics => {
  const taken = new Map(Object.entries(histograms).map(([name, metric]) => [name, durations(metric)]))
  const pools = new Set<WeakRef<Pool>>()
  const known = new WeakSet<Pool>()
  return {
    record: (instrument, seconds, attributes) => taken.get(instrument)?.observe(seconds, attributes),
    watch: (one) => {
      if (known.has(one)) return
      known.add(one)
      pools.add(new WeakRef(one))
    },
    source: () => [...[...taken.values()].map(({ kept }) => kept), ...poolGauges(alive(pools))],
  }
}

const durations = (metric: Definition & { readonly buckets: readonly number[] }) => {
  const fresh = () => new Distribution(metric.buckets)
  const store = seriesStore(metric, fresh, { most: mostSeries, onLimit: () => undefined })
  const kept: Kept = {
    metric,
    lines: (open) => store.lines(({ labels, value }) => value.lines(metric.name, labels, open)),
  }
  const observe = (seconds: number, attributes: Attributes) => {
    const labels: Record<string, string> = {}
    for (const label of metric.labels) labels[label] = labelValue(attributes, label)
    store.at(labels).value.observe(seconds)
  }
  return { kept, observe }
}

const attributeOf: Readonly<Record<string, string>> = {
  db_system_name: 'db.system.name',
  db_namespace: 'db.namespace',
  db_operation_name: 'db.operation.name',
  error_type: 'error.type',
  http_request_method: 'http.request.method',
  http_response_status_code: 'http.response.status_code',
  server_address: 'server.address',
  server_port: 'server.port',
}

const labelValue = (attributes: Attributes, label: string) => {
  const value = String(attributes[attributeOf[label] ?? ''] ?? '')
  const ofSql = label === 'db_operation_name' && attributes['db.system.name'] === 'postgresql'
  return ofSql ? statementKind(value) : value
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

const alive = (pools: Set<WeakRef<Pool>>) => {
  const found: Pool[] = []
  for (const reference of pools) {
    const one = reference.deref()
    if (one && !one.ended) found.push(one)
    else pools.delete(reference)
  }
  return found
}

/** Read when somebody asks. Several pools of one database are one series. */
const poolGauges = (pools: readonly Pool[]): readonly Kept[] => {
  const summed = (metric: Definition, read: (one: Pool) => readonly (readonly [value: number, state?: string])[]) => {
    const sums = new Map<string, number>()
    for (const one of pools) {
      for (const [value, state] of read(one)) {
        const labels = printLabels(metric.labels, state === undefined ? [nameOf(one)] : [nameOf(one), state])
        sums.set(labels, (sums.get(labels) ?? 0) + value)
      }
    }
    const lines = [...sums].map(([labels, value]): Line => [metric.name + labels, value])
    return { metric, lines: () => lines }
  }
  return [
    summed(dbClientConnections, ({ totalCount, idleCount }) => [
      [totalCount - idleCount, 'used'],
      [idleCount, 'idle'],
    ]),
    summed(dbClientConnectionsMax, ({ options }) => [[options.max ?? 10]]),
    summed(dbClientConnectionsPending, ({ waitingCount }) => [[waitingCount]]),
  ]
}

/** Never the user or the password. What the environment says (PGHOST) is not known here. */
const nameOf = ({ options: { connectionString = '', host, port, database } }: Pool) => {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined
  const place = `${url?.hostname || host || 'localhost'}:${url?.port || port || 5432}`
  return `${place}/${url?.pathname.slice(1) || database || ''}`
}
