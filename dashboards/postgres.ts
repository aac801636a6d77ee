import { boundary } from '../alerts/alert.ts'
import { postgresConnectionsNearLimit, usableConnections } from '../alerts/postgres/connections.ts'
import { activityCount, activityMaxTransaction } from '../exporters/postgres/activity.ts'
import { databaseCommits, databaseRollbacks, databaseSize } from '../exporters/postgres/databases.ts'
import { postgresVitals } from '../exporters/postgres/index.ts'
import { startTime } from '../exporters/postgres/postmaster.ts'
import { isReplica } from '../exporters/postgres/replication.ts'
import { not } from '../metrics/metric.ts'
import { add, div, instant, max, rate, secondsSince, sum } from '../metrics/promql.ts'
import { defined } from '../metrics/share.ts'
import { target } from '../metrics/target.ts'
import { upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { most } from './most.ts'
import { stat, timeseries } from './panel.ts'
import { lockRow } from './postgres-locks.ts'
import { indexRow, tableRow } from './postgres-relations.ts'
import { statementRow } from './postgres-statements.ts'
import { vacuumRow, wraparoundRow } from './postgres-vacuum.ts'
import { replicationRow, sequenceRow, walRow } from './postgres-wal.ts'
import { cacheHits, workRow } from './postgres-work.ts'
import { series } from './query.ts'
import { stateOf } from './state.ts'
import { uids } from './uids.ts'
import { postgresServer, relation, statement } from './variables.ts'

const here = { instance: postgresServer.selected }
const window = '$__rate_interval'
const clients = { ...here, backend_type: 'client backend' } as const

const taken = div(sum(instant(activityCount.where(clients)), target), usableConnections(here))

const now = row('Is it well?', [
  stat({
    title: 'State',
    description: 'Whether the server took the connection of the exporter and answered.',
    width: 3,
    unit: 'plain',
    queries: [series(stateOf(postgresVitals.up.where(here), 'postgres', postgresServer), '')],
    names: upOrDown,
  }),
  stat({
    title: 'Role',
    description:
      'A primary takes writes; a standby follows one, and answers readers. Two primaries are told of by an alert.',
    width: 3,
    unit: 'plain',
    queries: [series(max(instant(isReplica.where(here))), '')],
    names: { 0: { text: 'PRIMARY', is: 'neutral' }, 1: { text: 'STANDBY', is: 'neutral' } },
  }),
  stat({
    title: 'Up for',
    description:
      'Since the server started. A restart ends every session, and empties its cache: it is slow for a while.',
    width: 3,
    unit: 'seconds',
    queries: [series(secondsSince(max(instant(startTime.where(here)))), '')],
  }),
  stat({
    title: 'Connections in use',
    description: 'Share of the connections for applications that are taken. At 100% nobody new gets in.',
    width: 3,
    unit: 'share',
    decimals: 0,
    queries: [series(taken, '')],
    steps: [{ from: boundary(postgresConnectionsNearLimit), is: 'bad' }],
  }),
  stat({
    title: 'Oldest transaction',
    description:
      'Age of the oldest open transaction of a client. It holds its locks, and keeps vacuum from cleaning up.',
    width: 3,
    unit: 'seconds',
    queries: [series(max(instant(activityMaxTransaction.where(clients))), '')],
    steps: [{ from: 300, is: 'warning' }],
    opens: { uid: uids.postgresMaintenance },
  }),
  stat({
    title: 'Found in the cache',
    description:
      'Share of blocks that did not have to be read. Below 99 % for long: shared_buffers is too small, or tables are scanned.',
    width: 3,
    unit: 'share',
    decimals: 1,
    queries: [series(defined(cacheHits), '', { emptyWhen: 'Nothing was read, or the server was not scraped' })],
  }),
  stat({
    title: 'Transactions',
    description: 'Transactions per second that ended, committed or rolled back.',
    width: 3,
    unit: 'perSecond',
    queries: [
      series(sum(add(rate(databaseCommits.where(here), window), rate(databaseRollbacks.where(here), window))), ''),
    ],
  }),
  stat({
    title: 'Size',
    description: 'Disk space of all databases of the server.',
    width: 3,
    unit: 'bytes',
    queries: [series(sum(instant(databaseSize.where(here))), '')],
    opens: { uid: uids.postgresTables },
  }),
])

const connections = row('Who is connected, and waits?', [
  timeseries({
    title: 'Connections by state',
    description:
      '`idle in transaction` holds locks without working: find its client. `limit` is what applications may take together.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(sum(instant(activityCount.where(clients)), ['state']), ({ label }) => label('state')),
      series(usableConnections(here), 'limit'),
    ],
    colours: { active: 'good', idle: 'neutral', 'idle in transaction': 'warning' },
    bounds: ['limit'],
  }),
  timeseries({
    title: 'Connections by application',
    description: 'Whose pool is the largest: the ten that have most in the shown range.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(most(10, sum(instant(activityCount.where(clients)), ['application_name'])), ({ label }) =>
        label('application_name'),
      ),
    ],
    stack: true,
  }),
  timeseries({
    title: 'Connections that wait',
    description:
      'By what they wait for. `Lock`: another session holds what they need. `Client`: idle, which is no harm.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(
        sum(instant(activityCount.where({ ...clients, wait_event_type: not('') })), ['wait_event_type']),
        ({ label }) => label('wait_event_type'),
      ),
    ],
    colours: { Lock: 'bad' },
  }),
])

export const postgres = dashboard({
  uid: uids.postgres,
  title: 'PostgreSQL',
  description: 'State, connections and work of one PostgreSQL server. What is wrong with it leads to the other three.',
  variables: [postgresServer],
  rows: [now, connections, workRow],
})

export const postgresQueries = dashboard({
  uid: uids.postgresQueries,
  title: 'PostgreSQL queries',
  description: 'What the statements of one PostgreSQL server cost, and which of them are slow.',
  variables: [postgresServer, statement],
  rows: [statementRow],
})

export const postgresTables = dashboard({
  uid: uids.postgresTables,
  title: 'PostgreSQL tables and indexes',
  description: 'Tables and indexes of those databases of one PostgreSQL server that the exporter reads.',
  variables: [postgresServer, relation],
  rows: [tableRow, indexRow],
})

export const postgresMaintenance = dashboard({
  uid: uids.postgresMaintenance,
  title: 'PostgreSQL maintenance',
  description:
    'Who waits for whom, vacuum, wraparound, the write-ahead log, standbys and sequences of one PostgreSQL server.',
  variables: [postgresServer, relation],
  rows: [lockRow, vacuumRow, wraparoundRow, walRow, replicationRow, sequenceRow],
})

/** From the server to what it is at fault with. */
export const postgresDashboards = [postgres, postgresQueries, postgresTables, postgresMaintenance] as const
