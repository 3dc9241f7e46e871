-- A state file of version 4 with one of everything; never edited, only joined by the dumps of later versions.
PRAGMA application_id = 1668443507;
PRAGMA user_version = 4;
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE addr (
  scope INTEGER NOT NULL,
  key   TEXT NOT NULL,
  side  INTEGER NOT NULL,
  rec   INTEGER NOT NULL,              -- mirror.no
  PRIMARY KEY (scope, key, side, rec)
) STRICT, WITHOUT ROWID;
INSERT INTO "addr" VALUES(1,'ann@example.com',0,1);
INSERT INTO "addr" VALUES(1,'ann@example.com',1,2);
INSERT INTO "addr" VALUES(1,'ann@example.org',0,1);
CREATE TABLE counted (
  scope INTEGER PRIMARY KEY REFERENCES scope(no),
  body  TEXT NOT NULL                  -- JSON, see Counts
) STRICT;
INSERT INTO "counted" VALUES(1,'{"linked":1,"resting":{"left":0,"vanished":0,"ended":1,"merged":0},"drift":0,"known":{"google":1,"crm":1},"listed":{"google":1,"crm":1},"excluded_no_key":{"google":0,"crm":0},"excluded_rest":0}');
CREATE TABLE dirty (
  scope INTEGER NOT NULL REFERENCES scope(no),
  side  INTEGER NOT NULL,
  id    TEXT NOT NULL,
  PRIMARY KEY (scope, side, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "dirty" VALUES(1,1,'57');
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
INSERT INTO "failure" VALUES(1,1,'57',2,1795007200,1795000000,'-|2026-11-18T07:50:00Z','{"kind":"rejected","key":"cy@example.com","ids":{"google":[],"crm":["57"]},"field":null,"reason":"too long","hint":"shorten it"}');
CREATE TABLE field (
  no   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "field" VALUES(1,'Email=email.work');
INSERT INTO "field" VALUES(2,'First_Name=name.given');
CREATE TABLE flip (
  link INTEGER PRIMARY KEY REFERENCES link(no) ON DELETE CASCADE,
  at   INTEGER NOT NULL,               -- the latest time
  held INTEGER NOT NULL,               -- 1 while one of them is in quarantine
  body TEXT NOT NULL                   -- JSON: field -> how often, between which values
) STRICT;
INSERT INTO "flip" VALUES(1,1795000000,1,'{"2":{"values":["ann","anne"],"times":2,"at":1795000000,"held":true}}');
CREATE TABLE journal (
  no     INTEGER PRIMARY KEY AUTOINCREMENT,
  run    INTEGER NOT NULL,
  pair   INTEGER NOT NULL,
  google TEXT,                         -- null for a create there (older programs noted its id later)
  crm    TEXT,
  key    TEXT,
  body   TEXT NOT NULL                 -- JSON of the write, before-images included
) STRICT;
INSERT INTO "journal" VALUES(1,1,1,NULL,'55','ann@example.com','{"on":"google","link":null,"twin":"55","key":"ann@example.com","changed_at":1794999000,"meeting":"First","twin_listed":true,"why":"Missing","change":{"Create":{"fields":{"1":{"t":"Ann@Example.com","c":"ann@example.com"}},"twin_holds":{},"unread":[]}}}');
INSERT INTO "journal" VALUES(2,2,1,'people/c1','55','ann@example.com','{"on":"google","link":null,"twin":"55","key":"ann@example.com","changed_at":1794999000,"meeting":"First","twin_listed":true,"why":"Missing","change":{"Delete":{"id":"people/c1","expected":"%etag1","before":{"1":{"t":"Ann@Example.com","c":"ann@example.com"}}}}}');
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
INSERT INTO "link" VALUES(1,1,'people/c1','55','ann@example.com',0,NULL,0,'{"1":[{"t":"Ann@Example.com","c":"ann@example.com"},{"t":"Ann@Example.com","c":"ann@example.com"}],"2":[{"t":"Ann"},{"t":"Ann"}]}');
INSERT INTO "link" VALUES(2,1,'people/c2','56','bob@example.com',3,0,0,'{}');
CREATE TABLE link_scope (
  link   INTEGER NOT NULL REFERENCES link(no),
  scope  INTEGER NOT NULL REFERENCES scope(no),
  google INTEGER NOT NULL,
  crm    INTEGER NOT NULL,
  PRIMARY KEY (link, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO "link_scope" VALUES(1,1,1,1);
INSERT INTO "link_scope" VALUES(2,1,0,0);
CREATE TABLE machine (
  no   INTEGER PRIMARY KEY CHECK (no = 1),
  mark TEXT NOT NULL,
  at   INTEGER NOT NULL
) STRICT;
INSERT INTO "machine" VALUES(1,'0123456789abcdef',1795000010);
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
INSERT INTO "mirror" VALUES(1,1,0,'people/c1',1,0,1,0,1794999000,1795000005,'%etag1','%etag0','55','["ann@example.com","ann@example.org"]','{"f":{"1":{"t":"Ann@Example.com","c":"ann@example.com"},"2":{"t":"Ann"}},"l":"Ann"}','{"emailAddresses":[{"value":"ann@example.org","type":"other"}]}');
INSERT INTO "mirror" VALUES(2,1,1,'55',1,0,1,0,1794999000,NULL,'2026-11-18T07:50:00Z',NULL,NULL,'["ann@example.com"]','{"f":{"1":{"t":"Ann@Example.com","c":"ann@example.com"},"2":{"t":"Ann"}},"u":[2],"l":"Ann"}','');
CREATE TABLE outcome (
  no     INTEGER PRIMARY KEY,          -- journal.no
  open   INTEGER NOT NULL,             -- 1 while nobody knows whether it landed
  state  TEXT NOT NULL,                -- its word
  other  TEXT,                         -- the id that it names
  note   TEXT,
  behind TEXT                          -- the revision that it left on its record, where that is known
) STRICT;
INSERT INTO "outcome" VALUES(1,0,'done','people/c1',NULL,'%etag1');
CREATE TABLE pair (
  no      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  settled INTEGER NOT NULL DEFAULT 0   -- 1 once a run had nothing deferred
) STRICT;
INSERT INTO "pair" VALUES(1,'me@example.com|zoho/org/Contacts',1);
CREATE TABLE problem (
  run  INTEGER NOT NULL REFERENCES run(no),
  seq  INTEGER NOT NULL,
  body TEXT NOT NULL,                  -- JSON
  PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "problem" VALUES(1,0,'{"kind":"rejected","key":"bob@example.com","ids":{"google":["people/c2"],"crm":[]},"field":"name.given","reason":"too long","hint":"shorten it"}');
CREATE TABLE rewound (
  scope  INTEGER NOT NULL REFERENCES scope(no),
  side   INTEGER NOT NULL,
  id     TEXT NOT NULL,
  newest INTEGER NOT NULL,             -- when it had been changed before it went back
  PRIMARY KEY (scope, side, id)
) STRICT, WITHOUT ROWID;
INSERT INTO "rewound" VALUES(1,1,'55',1794999900);
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
INSERT INTO "run" VALUES(1,1,NULL,1795000000,'partial',1,1,1,1234,'{}');
INSERT INTO "run" VALUES(2,1,1,1795000100,NULL,0,0,0,0,'');
CREATE TABLE said (
  scope   INTEGER NOT NULL REFERENCES scope(no),
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (scope, kind, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO "said" VALUES(1,'ended','people/c2');
CREATE TABLE scope (
  no      INTEGER PRIMARY KEY,
  profile TEXT NOT NULL,
  pair    INTEGER NOT NULL REFERENCES pair(no),
  used    INTEGER NOT NULL,            -- the highest one is the profile's newest scope
  facts   TEXT NOT NULL,               -- JSON, see ScopeFacts
  UNIQUE (profile, pair)
) STRICT;
INSERT INTO "scope" VALUES(1,'sales',1,1,'{"active":true,"fingerprint":"f1","cursors":{"google":{"cursor":"sync-token","fingerprint":"q1","taken_at":1795000000},"crm":{"cursor":"2026-11-18T08:00:00Z","fingerprint":"q2","taken_at":1795000001}},"last_full":{"google":1795000000,"crm":1795000000},"last_census":null,"last_listed":{"google":1,"crm":2},"probes":{"google":null,"crm":[1795000000,"{\"user\":\"Ann\"}"]},"last_sync":1795000010,"last_outcome":"partial","deferred":0,"deletes_waiting":0,"conflicts":0,"failing":0,"excluded":0,"rematching":false,"direction":"two-way","frequency":"1h"}');
CREATE TABLE stretch (
  first INTEGER PRIMARY KEY,
  last  INTEGER NOT NULL,
  run   INTEGER NOT NULL REFERENCES run(no),
  pair  INTEGER NOT NULL REFERENCES pair(no),
  open  INTEGER NOT NULL               -- 0 once what became of each is known
) STRICT;
INSERT INTO "stretch" VALUES(1,1,1,1,0);
INSERT INTO "stretch" VALUES(2,2,2,1,1);
CREATE INDEX flip_held ON flip(link) WHERE held = 1;
CREATE INDEX link_google ON link(pair, google);
CREATE INDEX link_crm ON link(pair, crm);
CREATE INDEX link_key ON link(pair, key) WHERE key IS NOT NULL;
CREATE INDEX link_rest ON link(pair, rest) WHERE rest <> 0;
CREATE INDEX link_drift ON link(pair) WHERE drift > 0;
CREATE INDEX mirror_stamp ON mirror(scope, side, stamp) WHERE stamp IS NOT NULL;
CREATE INDEX mirror_stale ON mirror(scope, side) WHERE stale = 1;
CREATE INDEX run_scope ON run(scope);
CREATE INDEX run_undo ON run(undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX mirror_unlisted ON mirror(scope, side) WHERE listed = 0;
CREATE INDEX mirror_unkeyed ON mirror(scope, side) WHERE listed = 1 AND keyed = 0;
CREATE INDEX stretch_run ON stretch(run);
CREATE INDEX stretch_open ON stretch(pair) WHERE open = 1;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('link',2);
INSERT INTO "sqlite_sequence" VALUES('run',2);
INSERT INTO "sqlite_sequence" VALUES('journal',2);
COMMIT;
