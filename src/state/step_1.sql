-- From version 1 to version 2.
ALTER TABLE failure RENAME TO failure_1;
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

INSERT INTO failure (scope, side, id, times, next_try, said_at, seen, problem)
SELECT scope, side, id, times, next_try, NULL, '', json_object(
  'kind', 'failed', 'key', NULL,
  'ids', json_object('google', CASE side WHEN 0 THEN json_array(id) ELSE json_array() END,
                     'crm', CASE side WHEN 1 THEN json_array(id) ELSE json_array() END),
  'field', NULL, 'reason', reason, 'hint', 'it is tried again by itself')
FROM failure_1;
DROP TABLE failure_1;
