-- The tables of the reservation service, in the handbook's words. Runs any number of times.
create extension if not exists pg_stat_statements;

create table if not exists users (
  id bigint generated always as identity primary key,
  email text not null unique,
  name text not null,
  created_at timestamptz not null default now()
);

create table if not exists tables (
  id integer generated always as identity primary key,
  number integer not null unique,
  seats integer not null check (seats between 1 and 20)
);

create table if not exists reservations (
  id uuid primary key default gen_random_uuid(),
  user_id bigint not null references users,
  table_id integer not null references tables,
  date timestamptz not null,
  party_size integer not null check (party_size between 1 and 20),
  status text not null default 'PENDING'
    check (status in ('PENDING', 'CONFIRMED', 'CANCELLED', 'COMPLETED', 'NO_SHOW')),
  -- The SHA-256 of what the guest holds: whoever reads this column, a backup or the exporter, can't cancel with it.
  management_token text,
  token_expires_at timestamptz,
  created_at timestamptz not null default now(),
  cancelled_at timestamptz
);

create table if not exists payments (
  id bigint generated always as identity primary key,
  reservation_id uuid not null references reservations on delete cascade,
  amount_cents integer not null check (amount_cents > 0),
  -- Only money that came has a charge.
  charge_id text unique,
  status text not null default 'succeeded' check (status in ('succeeded', 'declined', 'failed')),
  created_at timestamptz not null default now()
);
-- For a database made before attempts that fail were kept.
alter table payments alter column charge_id drop not null;
alter table payments add column if not exists
  status text not null default 'succeeded' check (status in ('succeeded', 'declined', 'failed'));

-- A table has one party a sitting.
create unique index if not exists reservations_table_sitting on reservations (table_id, date)
  where status in ('PENDING', 'CONFIRMED');
create index if not exists reservations_status_date on reservations (status, date) include (party_size);
create index if not exists reservations_created_at on reservations (created_at);
create index if not exists reservations_cancelled_at on reservations (cancelled_at) where cancelled_at is not null;
create index if not exists reservations_token_expires_at on reservations (token_expires_at)
  where management_token is not null;
create index if not exists reservations_user_id on reservations (user_id);
create index if not exists payments_reservation_id on payments (reservation_id);
create index if not exists payments_created_at on payments (created_at) include (reservation_id, status);
