-- From version 3 to version 4.
DROP INDEX mirror_listed;
CREATE INDEX mirror_unlisted ON mirror(scope, side) WHERE listed = 0;
CREATE INDEX mirror_unkeyed ON mirror(scope, side) WHERE listed = 1 AND keyed = 0;

ALTER TABLE link_scope RENAME TO link_scope_3;
-- Whether a link's records were in a scope's lists at the last agreement.
CREATE TABLE link_scope (
  link   INTEGER NOT NULL REFERENCES link(no),
  scope  INTEGER NOT NULL REFERENCES scope(no),
  google INTEGER NOT NULL,
  crm    INTEGER NOT NULL,
  PRIMARY KEY (link, scope)
) STRICT, WITHOUT ROWID;

INSERT INTO link_scope (link, scope, google, crm)
SELECT link, scope, google, crm FROM link_scope_3 ORDER BY link, scope;
DROP TABLE link_scope_3;

ALTER TABLE journal RENAME TO journal_3;
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

INSERT INTO journal (no, run, pair, google, crm, key, body)
SELECT no, run, pair, google, crm, key, body FROM journal_3 ORDER BY no;
-- Also of entries that were given up: no number is given twice.
DELETE FROM sqlite_sequence WHERE name = 'journal';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'journal', seq FROM sqlite_sequence WHERE name = 'journal_3';
INSERT INTO outcome (no, open, state, other, note, behind)
SELECT no, open, state, other, note, behind FROM journal_3 WHERE state <> 'sending' ORDER BY no;
-- Numbers of two runs may alternate; those of one run in a row are a stretch.
INSERT INTO stretch (first, last, run, pair, open)
SELECT min(no), max(no), run, pair, max(open)
FROM (SELECT no, run, pair, open, no - row_number() OVER (PARTITION BY run ORDER BY no) AS row
      FROM journal_3)
GROUP BY run, row ORDER BY 1;
DROP TABLE journal_3;
