import type { Connection } from './database.ts'
import { sittingHours } from './sittings.ts'

/** Fills empty tables: about two years of guests behind, and bookings for the weeks ahead. */
export const seed = async ({ rows, run }: Connection) => {
  const [found] = await rows<{ empty: boolean }>('select not exists (select from tables) as empty')
  if (found?.empty) await run(statements)
}

const sittings = `(values ${sittingHours.map((hour) => `(interval '${hour} hours')`).join(', ')}) as sittings (hour)`
const midnight = `date_trunc('day', now(), 'UTC')`
const anyUser = '1 + floor(random() * 1500)::int'
const party = '1 + floor(random() * seats)::int'
const newToken = `encode(sha256(gen_random_uuid()::text::bytea), 'hex')`

/** One text, so one transaction: an interrupted seed leaves the tables empty. */
const statements = `
  select setseed(0.42);
  insert into tables (number, seats)
    select n, (array[2, 2, 4, 4, 6, 8])[1 + n % 6] from generate_series(1, 40) n;
  insert into users (email, name, created_at)
    select 'guest' || n || '@example.com', 'Guest ' || n, now() - random() * interval '2 years'
    from generate_series(1, 1500) n;

  insert into reservations (user_id, table_id, date, party_size, status, created_at, cancelled_at)
    select ${anyUser}, id, date, ${party}, status, created_at,
           case when status = 'CANCELLED' then created_at + random() * (date - created_at) end
    from (
      select t.id, seats, date, date - random() * interval '14 days' as created_at,
             (array['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED',
                    'CANCELLED', 'NO_SHOW'])[1 + floor(random() * 10)::int] as status
      from generate_series(1, 730) day
      cross join ${sittings}
      cross join lateral (select ${midnight} - day * interval '1 day' + hour as date) sitting
      join tables t on random() < 0.025
    ) as past;
  -- Guests who never gave their token back: the periodic cleanup has something to do.
  update reservations set management_token = ${newToken}, token_expires_at = date
    where status = 'COMPLETED' and date > now() - interval '60 days';

  insert into reservations (user_id, table_id, date, party_size, status, management_token, token_expires_at, created_at)
    select ${anyUser}, t.id, date, ${party}, case when random() < 0.08 then 'PENDING' else 'CONFIRMED' end,
           ${newToken}, date, now() - random() * random() * interval '14 days'
    from generate_series(0, 45) day
    cross join ${sittings}
    cross join lateral (select ${midnight} + day * interval '1 day' + hour as date) sitting
    join tables t on random() < 0.15
    where date > now();
  -- As many as visitors cancel: the first hour is like the day before it.
  update reservations
    set status = 'CANCELLED', management_token = null, token_expires_at = null, cancelled_at = created_at + random() * (now() - created_at)
    where date > now() and random() < 0.2;

  insert into payments (reservation_id, amount_cents, charge_id, created_at)
    select id, party_size * 1000, 'ch_' || gen_random_uuid(), created_at from reservations
    where status in ('COMPLETED', 'CONFIRMED') and random() < 0.3;
  analyze;`
