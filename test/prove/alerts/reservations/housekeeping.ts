import {
  cleanupOverdue,
  reservationFiguresStale,
  reservationsNotClosed,
  reservationsUnread,
} from '../../../../alerts/reservations/housekeeping.ts'
import type { Connection } from '../../../../demo/database.ts'
import { demoLogins } from '../../../../demo/setup.ts'
import type { Provocation } from '../provocation.ts'

/** What the periodic cleanup does. */
export const cleanUp = `
  update reservations set management_token = null, token_expires_at = null where token_expires_at < now();
  delete from reservations where status = 'COMPLETED' and date < current_date - interval '1 year'`

/** Of the rights of the exporter's login. */
export const accessFaults = (instance: string, { run }: Connection): readonly Provocation[] => {
  const labels = { job: 'reservations', instance }
  const { exporter } = demoLogins
  return [
    {
      fault: "the exporter's login may not connect to the database any more",
      fires: [{ alert: reservationsUnread, labels }],
      bring: () =>
        run(`
          revoke connect on database ${instance} from ${exporter};
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = '${instance}' and usename = '${exporter}'`),
      end: () => run(`grant connect on database ${instance} to ${exporter}`),
    },
    {
      fault: 'a migration takes the right to read a column that is counted in intervals',
      fires: [{ alert: reservationFiguresStale, labels: { ...labels, survey: 'tokens' } }],
      bring: () => run(`revoke select (management_token) on reservations from ${exporter}`),
      end: () => run(`grant select (management_token) on reservations to ${exporter}`),
    },
  ]
}

/** Nobody says who came. */
export const closingFaults = (instance: string, { run }: Connection): readonly Provocation[] => [
  {
    fault: 'the job that closes reservations does not run: 30 are still confirmed though their day has passed',
    fires: [{ alert: reservationsNotClosed, labels: { instance, status: 'CONFIRMED' } }],
    bring: () =>
      run(`
        update reservations set status = 'CONFIRMED'
        where id in (
          select id from reservations where status = 'COMPLETED' and date < current_date order by date desc limit 30)`),
    end: () => run(`update reservations set status = 'COMPLETED' where status = 'CONFIRMED' and date < current_date`),
    // Half a day, and an hour.
    patience: 300,
  },
]

/** The timer of the cleanup is off. */
export const cleanupFaults = (instance: string, { run }: Connection): readonly Provocation[] => [
  {
    fault: 'the cleanup does not run for eight days: 150 tokens have expired and are still stored',
    fires: [{ alert: cleanupOverdue, labels: { instance, reason: 'token' } }],
    bring: () =>
      run(`
        update reservations set management_token = 'left behind', token_expires_at = date
        where id in (
          select id from reservations where status = 'COMPLETED' and date < current_date order by date desc limit 150)`),
    end: () => run(cleanUp),
    // Eight days, and an hour.
    patience: 660,
  },
]
