-- +goose Up

-- What somebody has said to be over, though its sender has not. When it happens again, it
-- is a problem with another id.
CREATE TABLE problem_closings (
  problem   TEXT    NOT NULL PRIMARY KEY,
  name      TEXT    NOT NULL,
  closed_by TEXT    NOT NULL,
  reason    TEXT    NOT NULL,
  closed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
