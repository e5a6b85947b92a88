create table relay_sessions (
  id          text primary key,
  agent       text not null,
  state       jsonb not null default '{}',
  started_at  timestamptz not null default now(),
  ended_at    timestamptz
);

create table relay_summaries (
  session_id  text not null references relay_sessions (id) on delete cascade,
  position    integer not null,
  body        text not null,
  created_at  timestamptz not null default now(),
  primary key (session_id, position)
);
