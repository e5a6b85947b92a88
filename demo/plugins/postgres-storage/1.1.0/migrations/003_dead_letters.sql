create table relay_dead_letters (
  id            bigint generated always as identity primary key,
  message_id    text not null,
  body          jsonb not null,
  reason        text not null,
  attempts      integer not null default 0,
  leased_until  timestamptz,
  created_at    timestamptz not null default now()
);

create index relay_dead_letters_open on relay_dead_letters (leased_until nulls first, id);
