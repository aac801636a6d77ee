import type { Attributes, Meter } from '@opentelemetry/api'
import { gauge, histogram } from '../../../metrics/metric.ts'

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

const poolName = 'db_client_connection_pool_name'
const connectionState = 'db_client_connection_state'
/** The conventions call it count, which Prometheus keeps for histograms. */
export const dbClientConnections = gauge({
  name: 'db_client_connections',
  counts: 'connections',
  help: 'Open connections of a pool, used or idle',
  labels: [poolName, connectionState],
})
export const dbClientConnectionsMax = gauge({
  name: 'db_client_connections_max',
  counts: 'connections',
  help: 'Most connections that a pool may open',
  labels: [poolName],
})
export const dbClientConnectionsPending = gauge({
  name: 'db_client_connections_pending_requests',
  counts: 'requests',
  help: 'Requests that wait for a connection of a pool',
  labels: [poolName],
})

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
  /** One operation of a client of a database whose instrumentation measures none. */
  record(seconds: number, attributes: Attributes): void
  /** From now on its connections are counted, until it has ended. */
  watch(pool: Pool): void
}

/** Measures of a service's clients what their instrumentations leave out, or count wrongly. */
export const clientMetrics = (meter: Meter): ClientMetrics => {
  const durations = meter.createHistogram('db.client.operation.duration', { unit: 's' })
  const pools = new Set<WeakRef<Pool>>()
  const known = new WeakSet<Pool>()
  observePools(meter, () => alive(pools))
  return {
    record: (seconds, attributes) => durations.record(seconds, attributes),
    watch: (one) => {
      if (known.has(one)) return
      known.add(one)
      pools.add(new WeakRef(one))
    },
  }
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

/** Read when somebody asks. */
const observePools = (meter: Meter, pools: () => readonly Pool[]) => {
  const gaugeOf = ({ name, help }: { readonly name: string; readonly help: string }) =>
    meter.createObservableGauge(name, { description: help })
  const connections = gaugeOf(dbClientConnections)
  const most = gaugeOf(dbClientConnectionsMax)
  const pending = gaugeOf(dbClientConnectionsPending)
  meter.addBatchObservableCallback(
    (result) => {
      for (const [name, state] of statesOf(pools())) {
        const labels = { [poolName]: name }
        result.observe(connections, state.used, { ...labels, [connectionState]: 'used' })
        result.observe(connections, state.idle, { ...labels, [connectionState]: 'idle' })
        result.observe(most, state.max, labels)
        result.observe(pending, state.pending, labels)
      }
    },
    [connections, most, pending],
  )
}

/** Several pools of one database are one series. */
const statesOf = (pools: readonly Pool[]) => {
  const states = new Map<string, { used: number; idle: number; max: number; pending: number }>()
  for (const one of pools) {
    const { totalCount, idleCount, waitingCount, options } = one
    const state = states.get(nameOf(one)) ?? { used: 0, idle: 0, max: 0, pending: 0 }
    states.set(nameOf(one), state)
    state.used += totalCount - idleCount
    state.idle += idleCount
    state.max += options.max ?? 10
    state.pending += waitingCount
  }
  return states
}

/** Never the user or the password. What the environment says (PGHOST) is not known here. */
const nameOf = ({ options: { connectionString = '', host, port, database } }: Pool) => {
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined
  const place = `${url?.hostname || host || 'localhost'}:${url?.port || port || 5432}`
  return `${place}/${url?.pathname.slice(1) || database || ''}`
}
