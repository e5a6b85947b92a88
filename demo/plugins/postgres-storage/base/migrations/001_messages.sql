create table relay_messages (
  id          text primary key,
  thread      text,
  sender      text not null,
  recipient   text not null,
  body        text not null,
  metadata    jsonb not null default '{}',
  created_at  timestamptz not null default now()
);

create index relay_messages_thread on relay_messages (thread, created_at);
create index relay_messages_recipient on relay_messages (recipient, created_at);
