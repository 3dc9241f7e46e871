-- The state file, version 4. Sides are 0 (Google) and 1 (the CRM); times are seconds since the epoch.

-- Mapped pairs of fields, "CRM field=google.path", numbered once for ever.
CREATE TABLE field (
  no   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Account pairs; links and journal belong to them.
CREATE TABLE pair (
  no      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  settled INTEGER NOT NULL DEFAULT 0   -- 1 once a run had nothing deferred
) STRICT;

-- One profile on one pair; mirror, cursors and marks belong to it.
CREATE TABLE scope (
  no      INTEGER PRIMARY KEY,
  profile TEXT NOT NULL,
  pair    INTEGER NOT NULL REFERENCES pair(no),
  used    INTEGER NOT NULL,            -- the highest one is the profile's newest scope
  facts   TEXT NOT NULL,               -- JSON, see ScopeFacts
  UNIQUE (profile, pair)
) STRICT;

CREATE TABLE link (
  no        INTEGER PRIMARY KEY AUTOINCREMENT,
  pair      INTEGER NOT NULL REFERENCES pair(no),
  google    TEXT NOT NULL,
  crm       TEXT NOT NULL,
  key       TEXT,
  rest      INTEGER NOT NULL,          -- 0 awake, 1 left, 2 vanished, 3 ended, 4 merged
  rest_side INTEGER,
  drift     INTEGER NOT NULL,
  base      TEXT NOT NULL              -- JSON: field -> [google, crm]
) STRICT;
CREATE INDEX link_google ON link(pair, google);
CREATE INDEX link_crm ON link(pair, crm);
CREATE INDEX link_key ON link(pair, key) WHERE key IS NOT NULL;
CREATE INDEX link_rest ON link(pair, rest) WHERE rest <> 0;
CREATE INDEX link_drift ON link(pair) WHERE drift > 0;

-- Whether a link's records were in a scope's lists at the last agreement.
CREATE TABLE link_scope (
  link   INTEGER NOT NULL REFERENCES link(no),
  scope  INTEGER NOT NULL REFERENCES scope(no),
  google INTEGER NOT NULL,
  crm    INTEGER NOT NULL,
  PRIMARY KEY (link, scope)
) STRICT, WITHOUT ROWID;

-- The last reading of every record.
CREATE TABLE mirror (
  no             INTEGER PRIMARY KEY,
  scope          INTEGER NOT NULL REFERENCES scope(no),
  side           INTEGER NOT NULL,
  id             TEXT NOT NULL,
  listed         INTEGER NOT NULL,
  archived       INTEGER NOT NULL,
  keyed          INTEGER NOT NULL,     -- 1 when it has a match key
  stale          INTEGER NOT NULL DEFAULT 0, -- 1 when another scope wrote it since
  changed_at     INTEGER,
  unlisted_since INTEGER,
  version        TEXT NOT NULL,
  replaced       TEXT,
  stamp          TEXT,
  addrs          TEXT NOT NULL,        -- JSON: [match key or null, other addresses …]
  content        TEXT NOT NULL,        -- JSON: fields, unread, label
  native         TEXT NOT NULL,
  UNIQUE (scope, side, id)
) STRICT;
CREATE INDEX mirror_unlisted ON mirror(scope, side) WHERE listed = 0;
CREATE INDEX mirror_unkeyed ON mirror(scope, side) WHERE listed = 1 AND keyed = 0;
CREATE INDEX mirror_stamp ON mirror(scope, side, stamp) WHERE stamp IS NOT NULL;
CREATE INDEX mirror_stale ON mirror(scope, side) WHERE stale = 1;

-- Every address of every mirrored record, kept in step with mirror.addrs.
CREATE TABLE addr (
  scope INTEGER NOT NULL,
  key   TEXT NOT NULL,
  side  INTEGER NOT NULL,
  rec   INTEGER NOT NULL,              -- mirror.no
  PRIMARY KEY (scope, key, side, rec)
) STRICT, WITHOUT ROWID;

-- Records that the next plan has to look at, known to the mirror or not.
CREATE TABLE dirty (
  scope INTEGER NOT NULL REFERENCES scope(no),
  side  INTEGER NOT NULL,
  id    TEXT NOT NULL,
  PRIMARY KEY (scope, side, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  no          INTEGER PRIMARY KEY AUTOINCREMENT,
  scope       INTEGER NOT NULL REFERENCES scope(no),
  undo_of     INTEGER REFERENCES run(no),
  started     INTEGER NOT NULL,
  outcome     TEXT,                    -- null while it is under way, or when it was killed
  finished    INTEGER NOT NULL DEFAULT 0,
  written     INTEGER NOT NULL DEFAULT 0,
  problems    INTEGER NOT NULL DEFAULT 0,
  duration_ms INTEGER NOT NULL DEFAULT 0,
  report      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX run_scope ON run(scope);
CREATE INDEX run_undo ON run(undo_of) WHERE undo_of IS NOT NULL;

CREATE TABLE problem (
  run  INTEGER NOT NULL REFERENCES run(no),
  seq  INTEGER NOT NULL,
  body TEXT NOT NULL,                  -- JSON
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- Every write, journalled before it is sent. Rows are added at the end and never changed: a first pass
-- writes as many as there are contacts.
CREATE TABLE journal (
  no     INTEGER PRIMARY KEY AUTOINCREMENT,
  run    INTEGER NOT NULL,
  pair   INTEGER NOT NULL,
  google TEXT,                         -- null for a create there (older programs noted its id later)
  crm    TEXT,
  key    TEXT,
  body   TEXT NOT NULL                 -- JSON of the write, before-images included
) STRICT;

-- What became of it; nothing while it is being sent.
CREATE TABLE outcome (
  no     INTEGER PRIMARY KEY,          -- journal.no
  open   INTEGER NOT NULL,             -- 1 while nobody knows whether it landed
  state  TEXT NOT NULL,                -- its word
  other  TEXT,                         -- the id that it names
  note   TEXT,
  behind TEXT                          -- the revision that it left on its record, where that is known
) STRICT;

-- Writes that were journalled together: all numbers of the journal between two.
CREATE TABLE stretch (
  first INTEGER PRIMARY KEY,
  last  INTEGER NOT NULL,
  run   INTEGER NOT NULL REFERENCES run(no),
  pair  INTEGER NOT NULL REFERENCES pair(no),
  open  INTEGER NOT NULL               -- 0 once what became of each is known
) STRICT;
CREATE INDEX stretch_run ON stretch(run);
CREATE INDEX stretch_open ON stretch(pair) WHERE open = 1;

-- Notices that were said already.
CREATE TABLE said (
  scope   INTEGER NOT NULL REFERENCES scope(no),
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (scope, kind, subject)
) STRICT, WITHOUT ROWID;

-- Contacts whose writes fail again and again.
CREATE TABLE failure (
  scope    INTEGER NOT NULL REFERENCES scope(no),
  side     INTEGER NOT NULL,
  id       TEXT NOT NULL,
  times    INTEGER NOT NULL,
  next_try INTEGER NOT NULL,
  said_at  INTEGER,                    -- when it was last told to a person
  seen     TEXT NOT NULL,              -- the revisions of its records at the last failure
  problem  TEXT NOT NULL,              -- JSON
  PRIMARY KEY (scope, side, id)
) STRICT, WITHOUT ROWID;

-- Values that went to and fro between two records.
CREATE TABLE flip (
  link INTEGER PRIMARY KEY REFERENCES link(no) ON DELETE CASCADE,
  at   INTEGER NOT NULL,               -- the latest time
  held INTEGER NOT NULL,               -- 1 while one of them is in quarantine
  body TEXT NOT NULL                   -- JSON: field -> how often, between which values
) STRICT;
CREATE INDEX flip_held ON flip(link) WHERE held = 1;

-- Records that are older now than they once were.
CREATE TABLE rewound (
  scope  INTEGER NOT NULL REFERENCES scope(no),
  side   INTEGER NOT NULL,
  id     TEXT NOT NULL,
  newest INTEGER NOT NULL,             -- when it had been changed before it went back
  PRIMARY KEY (scope, side, id)
) STRICT, WITHOUT ROWID;

-- Which machine used the file last.
CREATE TABLE machine (
  no   INTEGER PRIMARY KEY CHECK (no = 1),
  mark TEXT NOT NULL,
  at   INTEGER NOT NULL
) STRICT;

-- What was counted of a scope last, while nothing has changed since.
CREATE TABLE counted (
  scope INTEGER PRIMARY KEY REFERENCES scope(no),
  body  TEXT NOT NULL                  -- JSON, see Counts
) STRICT;
