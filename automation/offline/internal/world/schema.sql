-- What exists.
CREATE TABLE things (
  number  INTEGER PRIMARY KEY,
  region  TEXT NOT NULL,             -- '' for things without a region
  type    TEXT NOT NULL,             -- Pulumi type token
  key     TEXT NOT NULL,             -- what tells it from others of its type and region; mostly the id
  id      TEXT NOT NULL,             -- the Pulumi id
  urn     TEXT NOT NULL,
  arn     TEXT NOT NULL,
  name    TEXT NOT NULL,             -- its AWS name, or ''
  inputs  TEXT NOT NULL,             -- JSON, secrets replaced by a marker
  state   TEXT NOT NULL,             -- JSON, secrets replaced by a marker
  created TEXT NOT NULL,             -- RFC 3339, UTC
  UNIQUE (region, type, key)
) STRICT;
CREATE INDEX things_id   ON things (type, id);
CREATE INDEX things_arn  ON things (arn);
CREATE INDEX things_name ON things (type, name);

-- Which thing refers to which, by which of its properties.
CREATE TABLE links (
  source   INTEGER NOT NULL REFERENCES things (number) ON DELETE CASCADE,
  property TEXT    NOT NULL,
  target   INTEGER NOT NULL REFERENCES things (number) ON DELETE CASCADE,
  PRIMARY KEY (source, property, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_target ON links (target);

-- Ids that exist as part of a thing without being one, such as a VPC's default security group.
CREATE TABLE parts (
  id     TEXT PRIMARY KEY,
  type   TEXT    NOT NULL,
  region TEXT    NOT NULL,
  owner  INTEGER NOT NULL REFERENCES things (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX parts_owner ON parts (owner);

-- Container images, by repository.
CREATE TABLE images (
  repository TEXT NOT NULL,          -- the repository's URL
  tag        TEXT NOT NULL,          -- '' for an image pushed by digest alone
  digest     TEXT NOT NULL,
  size       INTEGER NOT NULL,       -- bytes
  pushed     TEXT NOT NULL,          -- RFC 3339, UTC
  PRIMARY KEY (repository, tag, digest)
) STRICT, WITHOUT ROWID;

-- What AWS remembers after a thing is gone: numbers that are not given twice, names that stay taken.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tombstones (
  region TEXT NOT NULL,
  type   TEXT NOT NULL,
  name   TEXT NOT NULL,
  until  TEXT NOT NULL,              -- RFC 3339, UTC
  PRIMARY KEY (region, type, name)
) STRICT, WITHOUT ROWID;

-- What was said once and need not be said again.
CREATE TABLE notes (
  key TEXT PRIMARY KEY,
  at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Requested faults.
CREATE TABLE faults (
  number    INTEGER PRIMARY KEY,
  operation TEXT NOT NULL,           -- create, read, update, delete, their ends, or run
  pattern   TEXT NOT NULL,           -- glob on the URN
  code      TEXT NOT NULL,           -- AWS error code; '' only delays
  message   TEXT NOT NULL,
  delay     INTEGER NOT NULL,        -- nanoseconds
  remaining INTEGER NOT NULL
) STRICT;

-- Objects in buckets that no resource in the world made.
CREATE TABLE objects (
  bucket TEXT NOT NULL,
  key    TEXT NOT NULL,
  PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
