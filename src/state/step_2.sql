-- From version 2 to version 3.
ALTER TABLE journal RENAME TO journal_2;
-- Every write, journalled before it is sent and settled after.
CREATE TABLE journal (
  no     INTEGER PRIMARY KEY AUTOINCREMENT,
  run    INTEGER NOT NULL REFERENCES run(no),
  pair   INTEGER NOT NULL REFERENCES pair(no),
  google TEXT,                         -- null until a create is answered
  crm    TEXT,
  key    TEXT,
  open   INTEGER NOT NULL,             -- 1 while nobody knows whether it landed
  state  TEXT NOT NULL,                -- sending, or the word of the outcome
  other  TEXT,                         -- the id that the outcome names
  note   TEXT,
  behind TEXT,                         -- the revision that it left on its record, where that is known
  body   TEXT NOT NULL                 -- JSON of the write, before-images included
) STRICT;
INSERT INTO journal (no, run, pair, google, crm, key, open, state, other, note, behind, body)
SELECT no, run, pair, google, crm, key, open, state, other, note, body ->> '$.left',
  json_remove(body, '$.left') FROM journal_2 ORDER BY no;
DROP TABLE journal_2;
CREATE INDEX journal_run ON journal(run);
CREATE INDEX journal_open ON journal(pair) WHERE open = 1;
CREATE INDEX journal_google ON journal(pair, google) WHERE google IS NOT NULL;
CREATE INDEX journal_crm ON journal(pair, crm) WHERE crm IS NOT NULL;
CREATE INDEX journal_key ON journal(pair, key) WHERE key IS NOT NULL;

-- What was counted of a scope last, while nothing has changed since.
CREATE TABLE counted (
  scope INTEGER PRIMARY KEY REFERENCES scope(no),
  body  TEXT NOT NULL                  -- JSON, see Counts
) STRICT;
