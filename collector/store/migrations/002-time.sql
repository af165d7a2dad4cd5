-- What was concluded of a device last. `concluded_at` is null for a device that was never judged.
alter table device add column tiers text not null default '[]';
alter table device add column concluded_at integer;
alter table device add column policy_version integer not null default 0;
alter table device add column next_change integer;

-- Devices of a database of the first form: concluded when their evidence was last confirmed. The tiers of then were not
-- kept, so that moment is looked at once more. A moment of the memory that there is none of is left out, which is what
-- json_patch does with null. What is no memory stays something that cannot be read.
update device set
  concluded_at = coalesce((select confirmed_at from evidence where device_id = device.id), enrolled_at),
  next_change = coalesce((select confirmed_at from evidence where device_id = device.id), enrolled_at),
  policy_version = coalesce((select max(version) from policy), 0),
  memory = case when iif(json_valid(memory), json_type(memory), '') = 'object' then (
    select json_group_object(key, case type when 'object' then json_patch(
      json_patch('{}', value),
      json_object('passingSince', iif(value ->> 'verdict' = 'pass', value ->> 'since', null), 'mode', 'enforce')
    ) end) from json_each(device.memory)
  ) else memory end
where memory <> '{}';

-- The history outlives its device. `to_verdict` is null where the policy stopped asking.
create table history (
  id integer primary key,
  device_id text not null,
  check_id text not null,
  from_verdict text,
  to_verdict text,
  at integer not null,
  evidence text,
  policy_version integer not null
) strict;
insert into history (device_id, check_id, from_verdict, to_verdict, at, evidence, policy_version)
  select device_id, check_id, from_verdict, to_verdict, at, evidence, policy_version from transition order by rowid;
drop table transition;
alter table history rename to transition;
create index transition_device on transition (device_id, at);
create index transition_check on transition (device_id, check_id, at);

create table standing_change (
  id integer primary key,
  device_id text not null,
  at integer not null,
  tiers_before text not null,
  tiers_after text not null,
  status text not null,
  checks text not null,
  policy_version integer not null
) strict;
create index standing_change_device on standing_change (device_id, at);

-- Which policies of the first form came from a file was not kept. One of a file is taken again from it.
create table version (
  version integer primary key,
  digest text not null,
  document text not null,
  applied_at integer not null,
  author text not null,
  source text not null,
  restores integer
) strict;
insert into version select version, digest, document, applied_at, 'an earlier release', 'default', null from policy;
drop table policy;
alter table version rename to policy;

create table exception (
  id text primary key,
  target_kind text not null,
  target text not null,
  check_id text not null,
  reason text not null,
  approver text not null,
  created_at integer not null,
  expires_at integer not null,
  ended_at integer,
  ended_by text
) strict;

-- An entry of a status list outlives its device: it is held until no attestation can name it any more. Rows lie in the
-- order of time, as they end: entries are drawn at random, and would touch a page each.
create table status_lease (
  list integer not null,
  entry integer not null,
  device_id text not null,
  tiers text not null,
  status integer not null,
  held_until integer not null
) strict;
create unique index status_lease_entry on status_lease (list, entry);
create index status_lease_end on status_lease (held_until);
