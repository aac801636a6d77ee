import { multixactAge, transactionAge } from '../../exporters/postgres/wraparound.ts'
import { and, gt, lte } from '../../metrics/promql.ts'
import { type Alert, alert, boundary } from '../alert.ts'
import { onPrimary, recent } from './reading.ts'

// What both count are transactions, whatever the names of the metrics say.
const transactions = recent(transactionAge)
const multixacts = recent(multixactAge)

/** A server can tell two thousand million numbers apart, and stops some millions before that. */
const critical = {
  is: '1600000000',
  least: '500000000',
  most: '2000000000',
  source:
    'PostgreSQL: vacuum_failsafe_age and vacuum_multixact_failsafe_age, where vacuum drops all restraint to save the ' +
    'server; 500 million are left',
} as const
const high = {
  is: '1000000000',
  least: '250000000',
  most: '1900000000',
  source:
    'ours: half of what there is, and more than twice the age at which vacuum comes by force (200 million; multixacts ' +
    '400 million), so that it fails. Amazon RDS advises the same number',
} as const

const looks = {
  databases: {
    look: 'How old each database is',
    sql:
      'select datname, age(datfrozenxid) as transactions, mxid_age(datminmxid) as multixacts from pg_database order by ' +
      'greatest(age(datfrozenxid), mxid_age(datminmxid)) desc;',
  },
  tables: {
    look: 'Which tables hold it back (in the database the alert names)',
    sql:
      'select oid::regclass, age(relfrozenxid) as transactions, mxid_age(relminmxid) as multixacts, ' +
      "pg_size_pretty(pg_relation_size(oid)) as size from pg_class where relkind in ('r', 'm', 't') order by " +
      'greatest(age(relfrozenxid), mxid_age(relminmxid)) desc limit 10;',
  },
  holders: {
    look: 'Who holds vacuum back: sessions, prepared transactions, slots, standbys',
    sql:
      "select 'session ' || pid as holder, age(coalesce(backend_xid, backend_xmin)) from pg_stat_activity where " +
      "coalesce(backend_xid, backend_xmin) is not null union all select 'prepared ' || gid, age(transaction) from " +
      "pg_prepared_xacts union all select 'slot ' || slot_name, greatest(age(xmin), age(catalog_xmin)) from " +
      "pg_replication_slots union all select 'standby ' || application_name, age(backend_xmin) from pg_stat_replication " +
      'order by 2 desc nulls last limit 10;',
  },
  running: {
    look: 'Whether a vacuum works on them, and how far it is',
    sql:
      'select p.pid, p.datname, p.relid::regclass, p.phase, p.heap_blks_scanned, p.heap_blks_total, a.query from ' +
      'pg_stat_progress_vacuum p join pg_stat_activity a using (pid);',
  },
} as const
const diagnosis = [looks.databases, looks.tables, looks.holders, looks.running] as const

const freeing = [
  'End what holds it back: select pg_terminate_backend(pid), ROLLBACK PREPARED, drop the slot that nobody reads.',
  'VACUUM (FREEZE, VERBOSE) the oldest tables by hand, one after the other, with SET vacuum_cost_delay = 0. Not VACUUM ' +
    'FULL: it takes a number itself and locks the table.',
] as const

export const postgresXidWraparound = alert({
  name: 'PostgresXidWraparound',
  threshold: critical,
  expr: (threshold) => onPrimary(gt(transactions, threshold)),
  for: '10m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} is ${value.plain} transactions old: at 2.1G the ` +
    'server takes no more writes',
  action: ({ label }) =>
    `In ${label('datname')}: end the oldest transaction, prepared transaction or slot, then VACUUM (FREEZE, VERBOSE) the ` +
    'tables that are oldest by age(relfrozenxid). Stop bulk jobs meanwhile.',
  runbook: {
    meaning:
      'Age of the oldest row of the database that is not frozen, in transactions (age(datfrozenxid)). Vacuum has tried to ' +
      'freeze it since it was 200 million old, and did not get there.',
    impact:
      'At some 2.1 thousand million the server refuses every statement that writes, in all its databases, until a vacuum ' +
      'ends: no booking for hours.',
    diagnosis,
    mitigation: [
      ...freeing,
      'If it has stopped already: the same, as a superuser in the running server. VACUUM works there yet; single-user ' +
        'mode, which the hint of older releases asks for, is not needed and takes the readers away too.',
    ],
  },
})

export const postgresXidAgeHigh = alert({
  name: 'PostgresXidAgeHigh',
  threshold: high,
  // Above that the page says the same, louder.
  expr: (threshold) => onPrimary(and(gt(transactions, threshold), lte(transactions, boundary(postgresXidWraparound)))),
  for: '1h',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} is ${value.plain} transactions old, and vacuum does ` +
    'not bring it down',
  action: ({ label }) =>
    `In ${label('datname')}: find who holds vacuum back (long transactions, prepared ones, slots), end that, and watch ` +
    'select age(datfrozenxid) from pg_database fall.',
  runbook: {
    meaning:
      'Age of the oldest row of the database that is not frozen, in transactions. Vacuum freezes from 200 million on ' +
      '(autovacuum_freeze_max_age): it cannot, or takes too long.',
    impact: 'None yet. At 1.6 thousand million PostgresXidWraparound pages, at 2.1 the server stops taking writes.',
    diagnosis,
    mitigation: [
      ...freeing,
      'Give the daemon more to work with: autovacuum_vacuum_cost_delay = 0, a larger maintenance_work_mem, more workers.',
    ],
  },
})

export const postgresMultixactWraparound = alert({
  name: 'PostgresMultixactWraparound',
  threshold: critical,
  expr: (threshold) => onPrimary(gt(multixacts, threshold)),
  for: '10m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} keeps ${value.plain} multixacts: at 2.1G no more ` +
    'rows can be locked or updated there',
  action: ({ label }) =>
    `In ${label('datname')}: end the oldest transaction, then VACUUM (FREEZE, VERBOSE) the tables that are oldest by ` +
    'mxid_age(relminmxid).',
  runbook: {
    meaning:
      'Multixacts are the numbers of rows that several transactions lock at once (foreign keys, SELECT FOR SHARE). Counted ' +
      'is how many there were since the oldest that is kept (mxid_age(datminmxid)).',
    impact:
      'At some 2.1 thousand million every statement that needs another one fails: inserts with foreign keys first.',
    diagnosis,
    mitigation: [
      ...freeing,
      'Stop the job that makes them: many sessions that insert rows for the same parent at once.',
    ],
  },
})

export const postgresMultixactAgeHigh = alert({
  name: 'PostgresMultixactAgeHigh',
  threshold: high,
  expr: (threshold) =>
    onPrimary(and(gt(multixacts, threshold), lte(multixacts, boundary(postgresMultixactWraparound)))),
  for: '1h',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} keeps ${value.plain} multixacts, and vacuum does not ` +
    'bring them down',
  action: ({ label }) =>
    `In ${label('datname')}: find who holds vacuum back, end that, and watch select mxid_age(datminmxid) from pg_database fall.`,
  runbook: {
    meaning:
      'Shared row locks (multixacts) since the oldest that is kept. Vacuum removes them from 400 million on ' +
      '(autovacuum_multixact_freeze_max_age): it cannot, or they are made faster than that.',
    impact: 'None yet. At 1.6 thousand million PostgresMultixactWraparound pages, at 2.1 writes begin to fail.',
    diagnosis,
    mitigation: [...freeing, 'See who makes them: foreign keys to one and the same row, SELECT FOR SHARE in a loop.'],
  },
})

export const wraparoundAlerts: readonly Alert[] = [
  postgresXidWraparound,
  postgresXidAgeHigh,
  postgresMultixactWraparound,
  postgresMultixactAgeHigh,
]
