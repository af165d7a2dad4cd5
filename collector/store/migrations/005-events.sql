-- Events are made of the changes of standing by their ids: an id that was used is never used again. What a change says of the
-- owner, its cause and the checks is what was so at that time; null in what an earlier release wrote.
create table change (
  id integer primary key autoincrement,
  device_id text not null,
  at integer not null,
  tiers_before text not null,
  tiers_after text not null,
  status text not null,
  checks text not null,
  policy_version integer not null,
  owner text,
  cause text,
  reasons text
) strict;
insert into change (id, device_id, at, tiers_before, tiers_after, status, checks, policy_version)
  select id, device_id, at, tiers_before, tiers_after, status, checks, policy_version from standing_change;
drop table standing_change;
alter table change rename to standing_change;
create index standing_change_device on standing_change (device_id, at);

-- The event streams of gateways (OpenID Shared Signals Framework 1.0). `since` is the newest change of standing that was there
-- before the stream. `document` is what it is like now, as JSON.
create table event_stream (
  id text primary key,
  owner text not null references gateway (id) on delete cascade,
  created_at integer not null,
  since integer not null,
  document text not null
) strict;
create index event_stream_owner on event_stream (owner);

-- What a stream has yet to deliver, as the claims of a SET. `refused` is what its receiver said of one that it does not take.
create table outgoing_event (
  id integer primary key autoincrement,
  stream_id text not null references event_stream (id) on delete cascade,
  jti text not null,
  type text not null,
  device_id text,
  claims text not null,
  made_at integer not null,
  refused text
) strict;
create unique index outgoing_event_jti on outgoing_event (stream_id, jti);
create index outgoing_event_waiting on outgoing_event (stream_id, id) where refused is null and device_id is not null;
create index outgoing_event_own on outgoing_event (stream_id, id) where refused is null and device_id is null;

-- How far events are made of the changes of standing, and what was told of each device that is admitted to anything. What
-- holds now has been told to nobody: no stream is older than this.
create table event_cursor (one integer primary key check (one = 1), change_id integer not null) strict;
insert into event_cursor select 1, coalesce(max(id), 0) from standing_change;
create table told_device (
  device_id text primary key,
  tiers text not null,
  -- Null: as the tiers and the policy say.
  compliant integer,
  owner text
) strict;
insert into told_device select id, tiers, null, owner from device where tiers <> '[]';
