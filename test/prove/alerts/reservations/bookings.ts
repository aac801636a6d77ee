import { cancellationsSurging, reservationsUnanswered } from '../../../../alerts/reservations/bookings.ts'
import { noShowsHigh, statusUnknown } from '../../../../alerts/reservations/housekeeping.ts'
import type { Connection } from '../../../../demo/database.ts'
import type { Provocation } from '../provocation.ts'

/** Faults of booking that the database has, in one that nobody else changes. */
export const bookingFaults = (instance: string, { run }: Connection): readonly Provocation[] => {
  const labels = { instance }
  return [
    {
      fault: 'a kitchen closes: 60 reservations are cancelled within an hour',
      fires: [{ alert: cancellationsSurging, labels }],
      bring: () =>
        run(`
          update reservations set status = 'CANCELLED', cancelled_at = now()
          where id in (select id from reservations where status = 'CONFIRMED' order by date limit 60)`),
      end: () =>
        run(`
          update reservations set cancelled_at = cancelled_at - interval '2 days'
          where cancelled_at > now() - interval '1 hour'`),
    },
    {
      fault: 'restaurants answer nothing for a day',
      fires: [{ alert: reservationsUnanswered, labels }],
      bring: () =>
        run(`
          update reservations set status = 'PENDING'
          where status = 'CONFIRMED' and created_at > now() - interval '24 hours'`),
      end: () => run(`update reservations set status = 'CONFIRMED' where status = 'PENDING'`),
    },
    {
      fault: 'a release writes a status that nobody described',
      fires: [{ alert: statusUnknown, labels }],
      bring: () =>
        run(`
          alter table reservations drop constraint reservations_status_check;
          update reservations set status = 'SEATED'
          where id in (select id from reservations where status = 'COMPLETED' order by date desc limit 7)`),
      end: () => run(`update reservations set status = 'COMPLETED' where status = 'SEATED'`),
    },
    {
      fault: 'of 60 more parties of the last week every second did not come',
      fires: [{ alert: noShowsHigh, labels }],
      bring: () =>
        run(`
          insert into reservations (user_id, table_id, date, party_size, status)
            select 1, 1, current_date - interval '2 days', 2, (array['NO_SHOW', 'COMPLETED'])[1 + n % 2]
            from generate_series(1, 60) n`),
      end: () => run(`update reservations set status = 'COMPLETED' where status = 'NO_SHOW'`),
      patience: 150,
    },
  ]
}
