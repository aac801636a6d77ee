import { postgresVitals } from '../../exporters/postgres/index.ts'
import { surveyAge, surveyInterval } from '../../exporters/postgres/survey.ts'
import { cleanupDue } from '../../exporters/reservations/cleanup.ts'
import { reservationsVitals } from '../../exporters/reservations/index.ts'
import { reservationsPast } from '../../exporters/reservations/sittings.ts'
import { overdue, reservationRows } from '../../exporters/reservations/statuses.ts'
import { matches } from '../../metrics/metric.ts'
import { and, div, eq, gt, gte, instant, maxOverTime, minOverTime, sum, unless } from '../../metrics/promql.ts'
import { target as database } from '../../metrics/target.ts'
import { alert } from '../alert.ts'

export const reservationsNotClosed = alert({
  name: 'ReservationsNotClosed',
  threshold: {
    is: '20',
    least: '0',
    most: '1000000',
    source:
      'ours: a few are forgotten every day; twenty are a restaurant that does not say who came, or a job that does not run',
  },
  // It falls by what is closed in the morning: only what stays for half a day counts.
  expr: (threshold) => gt(minOverTime(overdue, '12h'), threshold),
  for: '1h',
  severity: 'low',
  owner: 'support',
  summary: ({ label, value }) =>
    `${value.plain} reservations in ${label('instance')} are still ${label('status')} though their day has passed`,
  action:
    'Ask the restaurants who came: CONFIRMED ones become COMPLETED or NO_SHOW, PENDING ones were never answered and are cancelled. If ' +
    'it is all restaurants since one day, reservations looks for the job that closes them.',
  runbook: {
    meaning:
      'Reservations of days before today that are still pending or confirmed, for half a day at least. All are counted, however long ago.',
    impact:
      'The share of no-shows is wrong, pending ones still hold what was reserved for them, and the cleanup never reaches them.',
    diagnosis: [
      {
        look: 'Of which days',
        sql: "select date::date as day, status, count(*) from public.reservations where status in ('PENDING', 'CONFIRMED') and date < current_date group by 1, 2 order by 1 desc limit 30;",
      },
    ],
    mitigation: [
      'Close those of the last days with the restaurants; close older ones as COMPLETED together, once.',
      'Have a job close every night what nobody closed.',
    ],
  },
})

const leastSittings = 50

export const noShowsHigh = alert({
  name: 'NoShowsHigh',
  threshold: {
    is: '15 %',
    least: '1 %',
    most: '90 %',
    source: 'ours: one party in seven; set it to what your restaurants bear',
  },
  expr: (threshold) => {
    const week = (status: string) =>
      sum(maxOverTime(reservationsPast.where({ period: '7d', status: matches(status) }), '5m'), database)
    const over = week('NO_SHOW|COMPLETED')
    return and(gt(div(week('NO_SHOW'), over), threshold), gte(over, leastSittings))
  },
  for: '1h',
  severity: 'low',
  owner: 'support',
  summary: ({ label, value }) =>
    `${value.percent} of the parties of the last week in ${label('instance')} did not come`,
  action:
    'See whether it is one restaurant or day. Ask guests a day ahead whether they come (a reminder with a link to cancel), and propose a ' +
    'deposit for large parties. If reminders stopped, ask reservations.',
  runbook: {
    meaning:
      'Of the reservations of the 7 days before today that ended in COMPLETED or NO_SHOW, 50 at least, this share are no-shows. Those ' +
      'that nobody closed are not counted: see ReservationsNotClosed first.',
    impact: 'Tables stand empty that others wanted. Restaurants ask why they pay for the service.',
    diagnosis: [
      {
        look: 'By day, and by how long ahead they had booked',
        sql: "select date::date as day, count(*) filter (where status = 'NO_SHOW') as no_show, count(*) as parties, avg(date - created_at) filter (where status = 'NO_SHOW') as ahead from public.reservations where status in ('NO_SHOW', 'COMPLETED') and date >= current_date - 7 and date < current_date group by 1 order by 1;",
      },
    ],
    mitigation: [
      'Send reminders, with a link that cancels; ask for a deposit where it happens most.',
      'See that the job that marks no-shows does not run before the guests are seated.',
    ],
  },
})

export const cleanupOverdue = alert({
  name: 'ReservationCleanupOverdue',
  threshold: {
    is: '100',
    least: '0',
    most: '10000000',
    source: 'ours: right after a cleanup there is next to nothing left; a weekly one shows that within eight days',
  },
  expr: (threshold) => {
    const left = gt(minOverTime(cleanupDue, '8d'), threshold)
    // A Prometheus that is younger has not seen whether it ran. A scrape that failed then is no reason to be silent now.
    const known = maxOverTime(instant(cleanupDue, { offset: '8d' }), '1h')
    return and(left, known)
  },
  for: '1h',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `The cleanup of ${label('instance')} has not run for eight days: at least ${value.plain} rows (${label('reason')}) wait for it`,
  action:
    'Run the cleanup by hand (npm run job -- cleanup) and read what it says; then look why its timer does not start it. Expired tokens are cleared, the ' +
    'reservations stay.',
  runbook: {
    meaning:
      'For eight days there were never fewer rows than the threshold that the periodic cleanup should have changed: management tokens ' +
      'that have expired (token), or reservations completed over a year ago (completed).',
    impact:
      'Personal data is kept longer than promised, and the table grows. Expired tokens are of no use to anybody but a thief of backups.',
    diagnosis: [
      {
        look: 'How many, and since when',
        sql: 'select count(*), min(token_expires_at) from public.reservations where management_token is not null and token_expires_at < now();',
      },
      {
        look: 'Whether its timer runs',
        shell: 'systemctl list-timers --all | grep -i -E "clean|techplus"; crontab -l',
      },
    ],
    mitigation: [
      'Clear the expired tokens: update public.reservations set management_token = null where token_expires_at < now() and management_token is not null.',
      'Mend the timer, the rights of its login, or the statement that runs out of its time.',
    ],
  },
})

export const statusUnknown = alert({
  name: 'ReservationStatusUnknown',
  threshold: { is: '0', least: '0', most: '1000000', source: 'ours: a state that nobody described is counted nowhere' },
  expr: (threshold) => gt(minOverTime(reservationRows.where({ status: 'OTHER' }), '5m'), threshold),
  for: '30m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} reservations in ${label('instance')} have a status that config/reservations.ts does not know`,
  action:
    'See which value it is, and add it under its meaning in statuses of config/reservations.ts. If it is a mistake of the service, ' +
    'correct the rows.',
  runbook: {
    meaning: 'Rows of the reservations have a status that is none of those described, and are counted as OTHER.',
    impact: 'Figures of bookings, no-shows and the cleanup leave them out: other alerts may be blind for them.',
    diagnosis: [
      {
        look: 'Which values',
        sql: 'select status, count(*), max(created_at) from public.reservations group by 1 order by 2;',
      },
    ],
    mitigation: ['Describe the new value, and restart the exporter.', 'Undo the release that writes it by mistake.'],
  },
})

export const reservationsUnread = alert({
  name: 'ReservationsUnread',
  // Where the server itself is down, PostgresDown tells it.
  expr: unless(eq(maxOverTime(reservationsVitals.up, '1m'), 0), eq(instant(postgresVitals.up), 0), {
    on: ['instance'],
  }),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `The exporter cannot read the reservations of ${label('instance')}: what is wrong with bookings and payments is not seen`,
  action:
    "Read the exporter's log: it names what is refused. Mostly the login, its password or the database's name in the URL of the target " +
    'reservations is wrong, or pg_hba.conf does not let it in.',
  runbook: {
    meaning:
      'The database of the reservations does not take the connection of the exporter, though the server is not known to be down.',
    impact: 'None for guests. Every alert on bookings, payments and no-shows is blind.',
    diagnosis: [
      {
        look: 'What the exporter gets',
        shell: 'curl -s http://localhost:9464/metrics/reservations/main | grep ^reservations_',
      },
      { look: 'Why', shell: 'docker compose logs --tail 50 exporter' },
      {
        look: 'Whether its login may enter',
        sql: "select rolname, rolcanlogin, rolconnlimit, has_database_privilege(rolname, current_database(), 'connect') as may_connect from pg_roles where rolcanlogin order by 1;",
      },
    ],
    mitigation: [
      'Correct the URL or the secret of the target and restart the exporter.',
      'Give its login the right to connect, and to read the tables (docs/administration.md).',
    ],
  },
})

export const reservationFiguresStale = alert({
  name: 'ReservationFiguresStale',
  threshold: {
    is: '10',
    least: '2',
    most: '1000',
    source: 'ours: a count that takes long slows itself down six times at most; ten pass only where it fails or hangs',
  },
  expr: (threshold) => {
    const age = instant(surveyAge.where({ job: 'reservations' }))
    return gt(div(age, instant(surveyInterval.where({ job: 'reservations' }))), threshold)
  },
  for: '10m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The figures ${label('survey')} of ${label('instance')} are ${value.plain} times as old as they should be`,
  action:
    "Read the exporter's log, it says why the count failed: mostly it takes longer than the statement timeout. docs/administration.md " +
    'lists the indexes that it needs.',
  runbook: {
    meaning:
      'What is too costly to count at every scrape is counted in intervals, and shown until the next count. This one has not been ' +
      'renewed for many intervals.',
    impact: 'None for guests. Dashboards and alerts show figures of long ago as if they were of now.',
    diagnosis: [
      {
        look: 'How old, and how long it takes',
        shell: 'curl -s http://localhost:9464/metrics/reservations/main | grep ^pg_survey_',
      },
      { look: 'Why it fails', shell: 'docker compose logs --tail 50 exporter' },
      {
        look: 'Whether the indexes are there',
        sql: "select indexname, indexdef from pg_indexes where tablename in ('reservations', 'payments');",
      },
    ],
    mitigation: [
      'Add the missing index (create index concurrently).',
      'Analyze the table, so that the plan uses the index.',
    ],
  },
})
