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
