-- The audit log. A line is JSON, and names the hash of the line before it: docs/audit.md.
create table audit (
  seq integer primary key,
  at integer not null,
  line text not null,
  hash text not null
) strict;
create index audit_at on audit (at);

-- From where to where the log goes, signed: one row.
create table audit_head (
  one integer primary key check (one = 1),
  first integer not null,
  previous text,
  seq integer not null,
  hash text,
  signature text not null
) strict;
