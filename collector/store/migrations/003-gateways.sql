-- The hosts that a gateway protects, and the certificate that it may prove itself with.
alter table gateway add column hosts text not null default '[]';
alter table gateway add column certificate text;
