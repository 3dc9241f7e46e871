-- What lives no longer than a run: which records a full reading or a listing of ids has brought.
CREATE TEMP TABLE listing (
  no    INTEGER PRIMARY KEY,
  scope INTEGER NOT NULL,
  side  INTEGER NOT NULL,
  newest INTEGER NOT NULL,    -- the last mirror.no at its start
  UNIQUE (scope, side)
);
CREATE TEMP TABLE heard (
  listing INTEGER NOT NULL,
  rec     INTEGER NOT NULL,   -- mirror.no
  PRIMARY KEY (listing, rec)
) WITHOUT ROWID;
CREATE TEMP TABLE census (
  scope INTEGER NOT NULL,
  side  INTEGER NOT NULL,
  id    TEXT NOT NULL,
  PRIMARY KEY (scope, side, id)
) WITHOUT ROWID;
