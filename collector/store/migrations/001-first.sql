-- Times are milliseconds since 1970. Lists and small records are JSON.
create table device (
  id text primary key,
  jwk text not null,
  key_protection text not null,
  attested integer not null,
  status text not null,
  identity text not null,
  platform text not null,
  hostname text not null,
  serial text,
  owner text,
  tags text not null,
  enrolled_at integer not null,
  last_sequence integer not null default 0,
  boot_ids text not null default '[]',
  memory text not null default '{}'
) strict;
create index device_serial on device (serial) where serial is not null;

create table evidence (
  device_id text primary key references device (id) on delete cascade,
  jws text not null,
  digest text not null,
  received_at integer not null,
  confirmed_at integer not null
) strict;

create table transition (
  device_id text not null references device (id) on delete cascade,
  check_id text not null,
  from_verdict text,
  to_verdict text not null,
  at integer not null,
  evidence text,
  policy_version integer not null
) strict;
create index transition_device on transition (device_id, at);

create table enrollment_token (
  id text primary key,
  hash text not null unique,
  created_at integer not null,
  expires_at integer not null,
  uses integer not null,
  tags text not null,
  owner text
) strict;

create table gateway (
  id text primary key,
  name text not null,
  key_hash text not null unique,
  scopes text not null,
  created_at integer not null
) strict;

-- Every policy that was ever in force, as it was written.
create table policy (
  version integer primary key,
  digest text not null,
  document text not null,
  applied_at integer not null
) strict;
