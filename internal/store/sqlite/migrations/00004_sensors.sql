-- +goose Up

-- Who runs which sensor, and how that goes.
CREATE TABLE sensor_runs (
  ref         TEXT    NOT NULL PRIMARY KEY,
  holder      TEXT    NOT NULL,
  lease_until INTEGER NOT NULL,
  state       TEXT    NOT NULL DEFAULT '',
  since       INTEGER NOT NULL DEFAULT 0,
  starts      INTEGER NOT NULL DEFAULT 0,
  alive_at    INTEGER NOT NULL DEFAULT 0,
  polled_at   INTEGER NOT NULL DEFAULT 0,
  error       TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
