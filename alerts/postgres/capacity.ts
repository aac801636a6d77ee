import { databaseSize } from '../../exporters/postgres/databases.ts'
import { preparedByOwner } from '../../exporters/postgres/prepared-transactions.ts'
import { sequenceLeft, sequenceUsed } from '../../exporters/postgres/sequences.ts'
import { and, deriv, div, gt, instant, labelReplace, lt, max, mul, sub, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert, boundary } from '../alert.ts'
import { onPrimary, recent, shown } from './reading.ts'

const used = recent(sequenceUsed.where(shown))

const sequenceLooks = [
  {
    look: 'How far each sequence is, and how far its own type goes',
    sql:
      'select schemaname, sequencename, data_type, last_value, max_value, round(100.0 * last_value / max_value, 1) as ' +
      'percent from pg_sequences where last_value is not null order by 6 desc limit 10;',
  },
  {
    look: 'Which columns are narrower than bigint',
    sql:
      'select table_schema, table_name, column_name, data_type, column_default from information_schema.columns where ' +
      "(column_default like 'nextval%' or is_identity = 'YES') and data_type <> 'bigint' order by 1, 2;",
  },
  {
    look: 'What the exporter says, the column of each sequence taken into account',
    shell: "curl -s localhost:9464/metrics/postgres/main | grep -E '^pg_sequence_(used_ratio|values_left)'",
  },
] as const
const widening = [
  'Small table: ALTER TABLE ... ALTER COLUMN id TYPE bigint, and of every column that refers to it; it rewrites the table ' +
    'under a lock. Then ALTER SEQUENCE ... AS bigint.',
  'Large table: add a bigint column, keep it up with a trigger, fill it in batches, build its index concurrently, and swap ' +
    'the names in one short transaction.',
  'To buy time with a type that is signed: ALTER SEQUENCE ... MINVALUE -2147483648 RESTART -2147483648, if the application ' +
    'takes negative ids.',
] as const

// Sequences are surveyed every ten minutes: each scrape between says the same again, and would be read for it.
const pace = deriv(sequenceLeft.where(shown), '1d', { every: '4m' })
/** Seconds until the last value is given out, at the pace of the last day. */
const timeLeft = div(recent(sequenceLeft.where(shown)), gt(mul(pace, -1), 0))
/** A load of rows in a day says nothing while most of the range is left, nor does a pace known for an hour. */
const wellKnown = and(gt(used, 0.5), recent(sequenceLeft.where(shown), { offset: '1d' }))
const within = (seconds: number) => and(lt(timeLeft, seconds), wellKnown)

export const postgresSequenceRunsOut = alert({
  name: 'PostgresSequenceRunsOut',
  threshold: {
    is: '14 d',
    least: '1 d',
    most: '365 d',
    source: 'ours: what widening the column of a large table takes, tried, released and run',
  },
  expr: (threshold) => onPrimary(within(threshold)),
  for: '1h',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Sequence ${label('schemaname')}.${label('sequencename')} (${label('column')}) in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} runs out in ${value.duration}: inserts fail from then on`,
  action: ({ label }) =>
    `Widen ${label('column')} to bigint before that, with all that refer to it; see what uses it up, and whether that can ` +
    'stop (inserts that fail take a value each time too).',
  runbook: {
    meaning:
      'Values left, divided by how many a day takes. Told from half of the range on, and of the column where that is ' +
      'narrower than its sequence.',
    impact:
      'Every insert into the table fails at once ("reached maximum value" or "integer out of range"): no booking.',
    diagnosis: sequenceLooks,
    mitigation: widening,
  },
})

export const postgresSequenceNearEnd = alert({
  name: 'PostgresSequenceNearEnd',
  threshold: {
    is: '80 %',
    least: '30 %',
    most: '99 %',
    source: 'ours: of an int4 more than 400 million values are left, which is time for a migration without haste',
  },
  expr: (threshold) => onPrimary(unless(gt(used, threshold), within(boundary(postgresSequenceRunsOut)))),
  for: '1h',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Sequence ${label('schemaname')}.${label('sequencename')} (${label('column')}) in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} has given out ${value.percent} of its values`,
  action: ({ label }) =>
    `Plan a migration of ${label('column')} to bigint, and of every column that refers to it; from bigint on it never ends.`,
  runbook: {
    meaning:
      'The share of its range that the sequence has given out, or of the range of the column it fills where that ends first.',
    impact: 'None yet. At the end every insert into the table fails at once.',
    diagnosis: sequenceLooks,
    mitigation: widening,
  },
})

/** The label `owner` of an alert is the team that is told: that of the metric would be written over. */
const byRole = labelReplace(instant(preparedByOwner), 'role', '$1', 'owner', '(.*)')

export const postgresPreparedTransactionStuck = alert({
  name: 'PostgresPreparedTransactionStuck',
  threshold: {
    is: '10 min',
    least: '1 min',
    most: '7 d',
    source: 'ours: a commit in two phases takes seconds; whoever prepared it has forgotten it, or died',
  },
  // Not bridged over a failed scrape: what is committed must fall silent at once.
  expr: (threshold) => gt(max(byRole, [...target, 'datname', 'role']), threshold),
  for: '2m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `A transaction that ${label('role')} prepared in ${label('datname')} of PostgreSQL ${label('instance')} has waited ` +
    `for its commit for ${value.duration}, and holds its locks`,
  action: ({ label }) =>
    `Connect to ${label('datname')} and find it: select gid, prepared from pg_prepared_xacts order by prepared. Ask its ` +
    'coordinator for the outcome, then COMMIT PREPARED or ROLLBACK PREPARED with that gid.',
  runbook: {
    meaning:
      'A PREPARE TRANSACTION was followed by neither COMMIT PREPARED nor ROLLBACK PREPARED. No session holds it: it ' +
      'outlives connections and restarts.',
    impact:
      'Its rows stay locked, and no row that died since can be removed: tables bloat, and in the end numbers run out.',
    diagnosis: [
      {
        look: 'Which, whose, and how old',
        sql: 'select gid, owner, database, prepared, age(transaction) from pg_prepared_xacts order by prepared;',
      },
      {
        look: 'What it has locked (in its own database)',
        sql:
          'select relation::regclass, mode, count(*) from pg_locks where pid is null and relation is not null and database ' +
          '= (select oid from pg_database where datname = current_database()) group by 1, 2 order by 3 desc;',
      },
      {
        look: 'Who waits for it',
        sql: 'select pid, usename, wait_event_type, left(query, 80) as query from pg_stat_activity where 0 = any (pg_blocking_pids(pid));',
      },
    ],
    mitigation: [
      'If the coordinator recorded a commit: COMMIT PREPARED; else ROLLBACK PREPARED. Both only in the database it belongs to.',
      'If nothing here uses two phases: max_prepared_transactions = 0, with the next restart.',
    ],
  },
})

/** Half again of something small is nothing. */
const muchGrowth = 1024 ** 3
const yesterday = recent(databaseSize, { offset: '1d' })
const growth = sub(recent(databaseSize), yesterday)

export const postgresDatabaseGrows = alert({
  name: 'PostgresDatabaseGrows',
  threshold: {
    is: '20 %',
    least: '1 %',
    most: '1000 %',
    source: 'ours: at that pace it is twice its size in four days, before anybody has ordered a disk',
  },
  expr: (threshold) => onPrimary(and(gt(div(growth, gt(yesterday, 0)), threshold), gt(growth, muchGrowth))),
  for: '1h',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Database ${label('datname')} of PostgreSQL ${label('instance')} has grown by ${value.percent} in a day`,
  action: ({ label }) =>
    `In ${label('datname')}, find what grew: select oid::regclass, pg_size_pretty(pg_total_relation_size(oid)) from ` +
    "pg_class where relkind in ('r', 'm') order by pg_total_relation_size(oid) desc limit 10. Compare with the free disk.",
  runbook: {
    meaning: 'Size of all its files now against a day ago, where that is more than a gibibyte.',
    impact:
      'At this pace the disk is full sooner than planned, and a server without disk stops. A load of data ends by itself.',
    diagnosis: [
      {
        look: 'Which tables are large, and how many of their rows are dead',
        sql:
          'select schemaname, relname, pg_size_pretty(pg_total_relation_size(relid)) as size, n_live_tup, n_dead_tup, ' +
          'n_tup_ins from pg_stat_user_tables order by pg_total_relation_size(relid) desc limit 10;',
      },
      { look: 'How full the disk is', shell: 'docker compose exec postgres df -h /var/lib/postgresql/data' },
    ],
    mitigation: [
      'Rows are inserted: find who does (n_tup_ins), stop what runs wild, and delete in batches what must not stay.',
      'Rows are dead: see PostgresDeadRows. A table was loaded on purpose: silence this for a day.',
      'Order disk while there is time.',
    ],
  },
})

export const capacityAlerts: readonly Alert[] = [
  postgresSequenceRunsOut,
  postgresSequenceNearEnd,
  postgresPreparedTransactionStuck,
  postgresDatabaseGrows,
]
